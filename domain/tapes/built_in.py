"""The mappings that come with Tenor, of layouts that others publish."""

from functools import cache
from importlib.resources import files

from domain.tapes.mapping import MappingDocument, parse_mapping

BUILT_IN = ("fannie_mae_sflp", "freddie_mac_sflld", "sec_abs_ee_auto", "consumer_tape", "ore_market")
BUILT_IN_VERSION = 1


@cache
def built_in(mapping_id: str) -> MappingDocument:
    return parse_mapping(files("domain").joinpath(f"data/mappings/{mapping_id}.json").read_bytes())
