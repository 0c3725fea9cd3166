import assert from "node:assert/strict";
import { test } from "node:test";
import {
  PASSWORD, filesBelow, freePort, openBrowser, photograph, sampleFolder, showQr,
  startPhone, startRedis, startRelay, temporaryFolder, typeCode,
} from "./people.mjs";

test("on Redis a transfer outlives the relay: killed after the scan and after the sending", async (t) => {
  const store = await startRedis(t);
  const options = ["--store", store, "--listen", `127.0.0.1:${await freePort()}`];
  let relay = await startRelay(t, ...options);
  const restart = async () => {
    await relay.stop("SIGKILL");
    relay = await startRelay(t, ...options);
  };
  const folder = sampleFolder(t, "GPKI");
  const originals = filesBelow(folder);
  const into = temporaryFolder(t);
  const page = await openBrowser(t, relay.origin);
  await showQr(page, relay.origin, folder);
  const phone = startPhone(t, relay, into, "--image", await photograph(t, page));
  const code = await phone.hears(/Security code: (\d{6})/);
  await page.getByLabel("보안번호 여섯 자리").waitFor();
  await restart();
  await typeCode(page, code);
  await phone.hears(/^1\. /m);
  await restart();
  phone.type("y");
  phone.type(PASSWORD);
  await page.getByRole("heading", { name: "휴대전화에 저장하고 확인했습니다." }).waitFor();
  await restart();
  await page.getByRole("button", { name: "원본 삭제" }).click();
  await page.getByRole("heading", { name: "원본을 삭제했습니다." }).waitFor();
  assert.equal(await phone.end(), 0);
  assert.equal(filesBelow(folder).size, 0);
  const arrived = [...filesBelow(into).values()];
  for (const bytes of originals.values()) assert.ok(arrived.some((other) => other.equals(bytes)));
});
