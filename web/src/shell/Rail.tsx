/** The screens, under the three questions that they answer; on a phone five tabs below. */
import { Icon } from "../parts/Icon";
import { link, path } from "../place";
import { SCREENS, screenAt } from "../screens";
import { me } from "../state/session";

const GROUPS = ["The book", "What if, and why", "Proof"] as const;
const TABS = ["/", "/risk", "/runs", "/audit"];

function current(): string {
  const found = screenAt(path.value)?.screen;
  return found?.inside ?? found?.path ?? "";
}

export function Rail() {
  const at = current();
  return (
    <nav class="rail" aria-label="Screens">
      <a class="brand" href={link("/")}>
        <Icon name="mark" />
        <span>Tenor</span>
      </a>
      {GROUPS.map((group) => {
        const screens = SCREENS.filter((one) => one.group === group);
        return (
          screens.length > 0 && (
            <div key={group}>
              <h2>{group}</h2>
              <ul>
                {screens.map((one) => (
                  <li key={one.path}>
                    <a class="nav" href={link(one.path)} aria-current={at === one.path ? "page" : undefined} title={one.name}>
                      <Icon name={one.icon} />
                      <span>{one.name}</span>
                    </a>
                  </li>
                ))}
              </ul>
            </div>
          )
        );
      })}
      <div class="end">
        <span class="ava" aria-hidden="true">
          {initials(me.value.actor)}
        </span>
        <span class="who">
          {me.value.actor}
          <br />
          <span class="muted">
            {me.value.role} · {scopeInWords(me.value.nodes)}
          </span>
        </span>
      </div>
    </nav>
  );
}

/** The same on a phone: four screens, and the rest behind one more. */
export function Tabs() {
  const at = current();
  const shown = TABS.map((one) => SCREENS.find((screen) => screen.path === one)).filter((one) => one !== undefined);
  const rest = SCREENS.filter((one) => one.group && !TABS.includes(one.path));
  return (
    <nav class="tabs2" aria-label="Screens">
      {shown.map((one) => (
        <a key={one.path} href={link(one.path)} aria-current={at === one.path ? "page" : undefined}>
          <Icon name={one.icon} />
          {one.name}
        </a>
      ))}
      {rest.length > 0 && (
        <details class="rest">
          <summary>
            <Icon name="menu" />
            More
          </summary>
          <ul class="pop">
            {rest.map((one) => (
              <li key={one.path}>
                <a href={link(one.path)} aria-current={at === one.path ? "page" : undefined} onClick={(event) => event.currentTarget.closest("details")?.removeAttribute("open")}>
                  <Icon name={one.icon} />
                  {one.name}
                </a>
              </li>
            ))}
          </ul>
        </details>
      )}
    </nav>
  );
}

export function scopeInWords(nodes: string[]): string {
  if (nodes.includes("*")) return "all funds";
  return nodes.length <= 2 ? nodes.join(", ") : `${nodes.length} nodes`;
}

function initials(name: string): string {
  const words = name.split(/[\s._@-]+/).filter(Boolean);
  return words.slice(0, 2).map((word) => word.charAt(0).toUpperCase()).join("");
}
