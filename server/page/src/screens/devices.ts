import { button, element } from "../dom";
import { type OwnDevice, readDevices, renameDevice, revokeDevice } from "../person";
import type { Page, Screen } from "../screen";
import { codeOf } from "../thrown";
import { heading } from "./frame";
import { alert, messageScreen } from "./simple";

/** Reads the devices and shows them. */
export async function showDevices(page: Page, failed?: string): Promise<void> {
  try {
    page.show(devicesScreen(await readDevices(), failed));
  } catch (error) {
    page.show(messageScreen(codeOf(error)));
  }
}

function devicesScreen(devices: OwnDevice[], failed?: string): Screen {
  return (page) => {
    const { title, lead, none } = page.text.devices;
    const list = element("ul", { className: "devices" }, ...devices.map((device) => item(page, device)));
    list.setAttribute("role", "list");
    return [
      heading(title),
      element("p", { className: "lead" }, lead),
      ...(failed ? [alert(page, failed)] : []),
      devices.length > 0 ? list : element("p", {}, none),
      element("div", { className: "actions" }, button(page.text.back, () => page.restart())),
    ];
  };
}

function item(page: Page, device: OwnDevice): HTMLElement {
  const text = page.text.devices;
  const date = (time: number) => new Date(time).toLocaleDateString(page.text.lang);
  const name = device.name || text.unnamed;
  const facts = element("span", { className: "facts" }, text.used(device.platform, date(device.firstUsed), date(device.lastUsed)));
  const made = element("li", {}, element("strong", {}, name), " ", facts);
  if (device.revoked) {
    made.append(element("p", { className: "note" }, text.revoked));
    return made;
  }
  const input = element("input", { type: "text", id: `name-${device.id}`, value: name, maxLength: 64 });
  const label = element("label", { htmlFor: input.id }, text.name);
  const act = async (change: Promise<void>) => {
    try {
      await change;
      await showDevices(page);
    } catch (error) {
      await showDevices(page, codeOf(error));
    }
  };
  const rename = button(text.rename, () => void act(renameDevice(device.id, input.value)));
  const revoke = button(text.revoke, () => {
    if (confirm(text.really(name))) void act(revokeDevice(device.id));
  });
  for (const it of [rename, revoke]) it.setAttribute("aria-describedby", `name-${device.id}`);
  made.append(label, input, element("div", { className: "actions" }, rename, revoke));
  return made;
}
