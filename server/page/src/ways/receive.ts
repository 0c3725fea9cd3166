import type { Opening, TransferEvent } from "../core";
import { type Page, platform } from "../screen";
import { refusedCertificate } from "../rules";
import { type Shown, awaited, connectScreen } from "../screens/connect";
import { identifyScreen, isUnidentified } from "../screens/identify";
import { arrivalScreen, receivedScreen, showCodeScreen } from "../screens/receive";
import { messageScreen } from "../screens/simple";
import { codeOf } from "../thrown";

/** From the phone to this PC: shows a QR for the phone to scan. */
export async function bring(page: Page): Promise<void> {
  const again = () => void bring(page);
  if (isUnidentified(page)) return page.show(identifyScreen(again));
  let opening: Opening;
  try {
    opening = await page.core.call("receive", "PC", platform());
  } catch (error) {
    return page.show(messageScreen(codeOf(error), again));
  }
  const { transfer } = opening;
  const leave = () => {
    void page.core.call("cancel", transfer);
    page.restart();
  };
  const typed = async (number: string) => {
    const instead = await page.core.call("receiveByNumber", number, "PC", platform());
    page.unwatch();
    void page.core.call("cancel", transfer);
    page.watch(instead, undefined, (event) => {
      if (event.type === "failed") return page.show(messageScreen(event.code, again));
      return take(page, instead, event);
    });
  };
  const shown: Shown = { opening, texts: (text) => text.connect.bring, renew: again, leave, typed };
  page.watch(transfer, opening.farewell, (event) => {
    if (awaited(page, shown, event)) return;
    if (event.type === "failed") return page.show(messageScreen(event.code, again));
    return take(page, transfer, event);
  });
  page.show(connectScreen(shown));
}

/** From a deposit to this PC. */
export async function fetchDeposit(page: Page, code: string): Promise<void> {
  const transfer = await page.core.call("claim", code);
  page.watch(transfer, undefined, (event) => {
    if (event.type === "failed") return page.show(messageScreen(event.code, () => page.begin("fetch")));
    return take(page, transfer, event);
  });
}

/** What all ways that end here have in common. */
function take(page: Page, transfer: number, event: TransferEvent): void {
  switch (event.type) {
    case "showCode":
      page.guard(true);
      return page.show(showCodeScreen(transfer, event.code, event.name));
    case "arrived":
      return void arrive(page, transfer);
    case "acknowledged":
      page.guard(false);
      return page.show(receivedScreen);
  }
}

async function arrive(page: Page, transfer: number): Promise<void> {
  page.guard(true);
  const certificates = await page.core.call("arrived", transfer);
  const refused = certificates.map(({ details }) => refusedCertificate(page.settings, details)).find(Boolean);
  if (refused) {
    page.unwatch();
    void page.core.call("refuse", transfer);
    return page.refuse(refused);
  }
  page.show(arrivalScreen(transfer, certificates));
}
