/** Buttons, chips and fields, in the states that they have. */
import { useState } from "preact/hooks";
import { Chip } from "../../parts/Cells";
import { Icon } from "../../parts/Icon";
import { Listbox } from "../../parts/Listbox";
import { Panel } from "../../parts/Panel";
import { Seg } from "../../parts/Seg";
import { CheckBox } from "../runs/CheckBox";

export function Controls() {
  const [isOn, setOn] = useState(true);
  const [view, setView] = useState("ladder");
  const [group, setGroup] = useState("tree");
  return (
    <Panel title="Controls" unit="and the states that they have">
      <div class="body controls">
        <p>
          <button type="button" class="btn pri">Primary</button>
          <button type="button" class="btn">Secondary</button>
          <button type="button" class="btn ghost">Quiet</button>
          <button type="button" class="btn sm">Small</button>
          <button type="button" class="btn" disabled>Disabled</button>
        </p>
        <p>
          <Chip kind="ok"><Icon name="tick" />Published</Chip>
          <Chip kind="run">Running 61 %</Chip>
          <Chip>Completed</Chip>
          <Chip kind="warn"><Icon name="warning" />9 exceptions</Chip>
          <Chip kind="bad"><Icon name="error" />Failed</Chip>
          <Chip square>soft</Chip>
          <Chip square kind="warn">UNSUPPORTED</Chip>
        </p>
        <div class="row2 same">
          <div class="field">
            <label for="gallery-id">Scenario id</label>
            <input class="inp" id="gallery-id" value="five_up" />
          </div>
          <div class="field">
            <label for="gallery-curves">Curves</label>
            <input class="inp er" id="gallery-curves" value="UDS-*" aria-invalid="true" aria-describedby="gallery-wrong" />
            <span class="wrong" id="gallery-wrong">Matches no curve. Did you mean USD-*?</span>
          </div>
        </div>
        <div class="beside">
          <Seg label="View" value={view} choices={[["ladder", "Ladder"], ["gap", "Repricing gap"]]} onChoose={setView} />
          <Listbox label="Group" class="btn" value={group} choices={[{ value: "tree", label: "tree" }, { value: "rating", label: "rating" }]} onChoose={setGroup} button={<>Group: {group}<Icon name="down" small /></>} />
          <CheckBox checked={isOn} onChange={setOn}>Only rows with errors</CheckBox>
        </div>
      </div>
    </Panel>
  );
}
