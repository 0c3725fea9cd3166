import type { Opening } from "../core";
import { deleteAll } from "../folder";
import { forgetMoved, rememberMoved } from "../moved";
import { type Chosen, type Page, platform } from "../screen";
import { codeScreen } from "../screens/code";
import { type Shown, awaited, connectScreen } from "../screens/connect";
import { doneScreen, resultScreen } from "../screens/done";
import { identifyScreen, isUnidentified } from "../screens/identify";
import { messageScreen, transferScreen } from "../screens/simple";
import { codeOf } from "../thrown";

/** From this PC to the phone: shows a QR, and runs the transfer behind it. */
export async function give(page: Page, chosen: Chosen): Promise<void> {
  const again = () => void give(page, chosen);
  if (isUnidentified(page)) return page.show(identifyScreen(again));
  let opening: Opening;
  try {
    opening = await page.core.call("give", chosen.index, "PC", platform());
  } catch (error) {
    return page.show(messageScreen(codeOf(error), again));
  }
  const { transfer } = opening;
  const leave = () => {
    page.unwatch();
    void page.core.call("cancel", transfer);
    page.begin(page.way);
  };
  const shown: Shown = { opening, texts: (text) => text.connect.phone, renew: again, leave };
  const conclude = async (remove: boolean) => {
    if (!remove) {
      void page.core.call("conclude", transfer, false);
      return page.show(resultScreen(undefined));
    }
    const deletion = await removeOriginal(page, chosen);
    void page.core.call("conclude", transfer, deletion.outcome === "deleted");
    page.show(resultScreen(deletion));
  };
  let peer = "";
  page.watch(transfer, opening.farewell, (event) => {
    if (awaited(page, shown, event)) return;
    switch (event.type) {
      case "joined":
        peer = event.name || event.platform;
        page.guard(true);
        return page.show(codeScreen(page, transfer, peer, undefined));
      case "wrongCode":
        return page.show(codeScreen(page, transfer, peer, event.triesLeft));
      case "sending":
        return page.show(transferScreen);
      case "received":
        remember(page, chosen);
        // Whoever leaves now keeps the original, which is offered for deletion again.
        page.guard(false);
        return page.show(doneScreen(chosen, event.signed, conclude));
      case "failed":
        return page.show(messageScreen(event.code, again));
    }
  });
  page.show(connectScreen(shown));
}

/** Remembers that a certificate has arrived elsewhere, for a page that is closed too early. */
export function remember(page: Page, chosen: Chosen): void {
  if (!page.shared) rememberMoved(chosen.fingerprint, Date.now() / 1000);
}

export async function removeOriginal(page: Page, chosen: Chosen) {
  const deletion = await deleteAll(chosen.files);
  if (deletion.outcome === "deleted" && !page.shared) forgetMoved(chosen.fingerprint);
  return deletion;
}
