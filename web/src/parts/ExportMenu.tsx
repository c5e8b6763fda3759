/** A table as a file, made by the server: all of it, whatever the page shows. */
import { Icon } from "./Icon";
import { Listbox } from "./Listbox";
import { tell } from "../shell/announce";

const FORMATS: [format: string, name: string][] = [
  ["csv", "CSV"],
  ["xlsx", "Excel"],
  ["parquet", "Parquet"],
  ["arrow", "Arrow"],
];

interface ExportProps {
  /** What is in the file, in words. */
  what: string;
  /** The address of the table, without the format. */
  address: string;
}

export function ExportMenu({ what, address }: ExportProps) {
  const download = (format: string) => {
    const anchor = document.createElement("a");
    anchor.href = `${address}${address.includes("?") ? "&" : "?"}format=${format}`;
    anchor.download = "";
    anchor.click();
    tell(`${what} is on its way as ${format}`);
  };
  return (
    <Listbox
      label="Export"
      id="list-export"
      class="btn"
      right
      value={null}
      choices={FORMATS.map(([format, name]) => ({ value: format, label: name, hint: what }))}
      onChoose={download}
      button={
        <>
          <Icon name="export" small />
          Export
          <Icon name="down" small />
        </>
      }
    />
  );
}
