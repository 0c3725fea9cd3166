import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  PASSWORD, drop, filesBelow, freePort, openBrowser, photograph, sampleFolder, showQr,
  startPhone, startRelay, temporaryFolder, typeCode,
} from "./people.mjs";

async function bothAtTheCode(t, relay, folder) {
  const page = await openBrowser(t, relay.origin);
  await showQr(page, relay.origin, folder);
  const into = temporaryFolder(t);
  const picture = await photograph(t, page);
  const phone = startPhone(t, relay, into, "--image", picture);
  const code = await phone.hears(/Security code: (\d{6})/);
  await page.getByLabel("보안번호 여섯 자리").waitFor();
  return { page, phone, code, into, picture };
}

const wrong = (code) => (code.startsWith("0") ? "1" : "0") + code.slice(1);

for (const name of ["GPKI", "NPKI", "PFX"]) {
  test(`${name}: from the folder on the PC to the phone, and the original goes`, async (t) => {
    const relay = await startRelay(t);
    const folder = sampleFolder(t, name);
    const originals = filesBelow(folder);
    const { page, phone, code, into } = await bothAtTheCode(t, relay, folder);
    await typeCode(page, code);
    await phone.hears(/^1\. /m);
    phone.type("y");
    phone.type(PASSWORD);
    await page.getByRole("heading", { name: "휴대전화에 저장하고 확인했습니다." }).waitFor();
    assert.deepEqual([...filesBelow(folder).keys()], [...originals.keys()]);
    await page.getByRole("button", { name: "원본 삭제" }).click();
    await page.getByRole("heading", { name: "원본을 삭제했습니다." }).waitFor();
    assert.equal(await phone.end(), 0);
    assert.match(phone.said, /The original was deleted/);
    assert.equal(filesBelow(folder).size, 0);
    const arrived = [...filesBelow(into).values()];
    const expected = [...originals.values()];
    assert.equal(arrived.length, expected.length);
    for (const bytes of expected) assert.ok(arrived.some((other) => other.equals(bytes)));
    assert.deepEqual(page.mistakes, []);
  });
}

test("the default keeps the original", async (t) => {
  const relay = await startRelay(t);
  const folder = sampleFolder(t, "NPKI");
  const { page, phone, code } = await bothAtTheCode(t, relay, folder);
  await typeCode(page, code);
  phone.type("y");
  phone.type("");
  await page.getByRole("heading", { name: "휴대전화에 저장했습니다." }).waitFor();
  await page.getByText("받은 기기에서 아직 비밀번호를 확인하지 않았습니다.").waitFor();
  await page.getByRole("button", { name: "남겨 두기" }).click();
  await page.getByRole("heading", { name: "원본을 남겨 두었습니다." }).waitFor();
  assert.equal(await phone.end(), 0);
  assert.equal(filesBelow(folder).size, 2);
});

test("a wrong password is said on the spot and nothing leaves the PC", async (t) => {
  const relay = await startRelay(t);
  const page = await openBrowser(t, relay.origin);
  const requests = [];
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(relay.origin);
  await page.getByRole("button", { name: "인증서를 휴대전화로 옮기기" }).click();
  await drop(page, sampleFolder(t, "GPKI"));
  await page.locator("button.certificate").click();
  await page.getByLabel("인증서 비밀번호", { exact: true }).fill("wrong");
  await page.getByRole("button", { name: "확인", exact: true }).click();
  await page.getByRole("alert").getByText("비밀번호가 맞지 않습니다").waitFor();
  assert.ok(requests.every((url) => !url.includes("/v1/mailboxes")));
});

test("three wrong codes stop the transfer, and the original is untouched", async (t) => {
  const relay = await startRelay(t);
  const folder = sampleFolder(t, "GPKI");
  const { page, phone, code, into } = await bothAtTheCode(t, relay, folder);
  const sent = [];
  page.on("request", (request) => sent.push(request.postDataBuffer()?.length ?? 0));
  await typeCode(page, wrong(code));
  await page.getByText("2번 남았습니다").waitFor();
  await typeCode(page, wrong(code));
  await page.getByText("1번 남았습니다").waitFor();
  await typeCode(page, wrong(code));
  await page.getByRole("alert").getByText("세 번 달라").waitFor();
  assert.equal(await phone.end(), 1);
  assert.match(phone.complained, /too_many_wrong_codes/);
  assert.ok(sent.every((length) => length <= 1_000), `${sent}`);
  assert.equal(filesBelow(into).size, 0);
  assert.equal(filesBelow(folder).size, 4);
});

test("a second phone on the same QR is refused, and the first goes on", async (t) => {
  const relay = await startRelay(t);
  const folder = sampleFolder(t, "NPKI");
  const { page, phone, code, picture } = await bothAtTheCode(t, relay, folder);
  const second = startPhone(t, relay, temporaryFolder(t), "--image", picture);
  assert.equal(await second.end(), 1);
  assert.match(second.complained, /Another device has joined first.*\[already_joined[\],]/);
  await typeCode(page, code);
  phone.type("y");
  phone.type(PASSWORD);
  await page.getByRole("heading", { name: "휴대전화에 저장하고 확인했습니다." }).waitFor();
});

test("an expired QR is renewed by one click, and certificate and password stay", async (t) => {
  const relay = await startRelay(t, "--join-ttl", "3");
  const page = await openBrowser(t, relay.origin);
  await showQr(page, relay.origin, sampleFolder(t, "NPKI"));
  const picture = await photograph(t, page);
  await page.getByRole("alert").getByText("시간이 지나 연결을 닫았습니다.").waitFor();
  const late = startPhone(t, relay, temporaryFolder(t), "--image", picture);
  assert.equal(await late.end(), 1);
  assert.match(late.complained, /timed out.*\[expired[\],]/);
  await page.getByRole("button", { name: "새 QR 만들기" }).click();
  await page.locator("#screen").getByText("남은 시간").waitFor();
});

test("an expiry after the join, also while a password is being typed, is heard on both sides", async (t) => {
  const relay = await startRelay(t, "--transfer-ttl", "5");
  const folder = sampleFolder(t, "NPKI");
  const { page, phone, code } = await bothAtTheCode(t, relay, folder);
  await typeCode(page, code);
  phone.type("y");
  await phone.hears(/Stored in/);
  await page.getByRole("alert").getByText("시간이 지나 연결을 닫았습니다.").waitFor();
  assert.equal(await phone.end(), 1);
  assert.match(phone.said, /Everything is stored/);
  assert.match(phone.complained, /\[expired[\],]/);
  assert.equal(filesBelow(folder).size, 2);
});

test("a tab that is reloaded ends the transfer on the phone", async (t) => {
  const relay = await startRelay(t);
  const { page, phone } = await bothAtTheCode(t, relay, sampleFolder(t, "NPKI"));
  page.on("dialog", (dialog) => dialog.accept());
  await page.reload();
  assert.equal(await phone.end(), 1);
  assert.match(phone.complained, /\[ended[\],]/);
  await page.getByRole("heading", { name: "인증서 이동" }).waitFor();
});

test("a phone that dies between storing and the receipt leaves the original, and may come again", async (t) => {
  const relay = await startRelay(t, "--transfer-ttl", "6");
  const folder = sampleFolder(t, "NPKI");
  const { page, phone, code, into } = await bothAtTheCode(t, relay, folder);
  await typeCode(page, code);
  phone.type("y");
  await phone.hears(/Stored in/);
  phone.child.kill("SIGKILL");
  await page.getByRole("alert").getByText("시간이 지나 연결을 닫았습니다.").waitFor();
  assert.equal(filesBelow(folder).size, 2);
  assert.equal(filesBelow(into).size, 2);
  await showQr(page, relay.origin, folder);
  const again = startPhone(t, relay, into, "--image", await photograph(t, page));
  await typeCode(page, await again.hears(/Security code: (\d{6})/));
  again.type("y");
  again.type(PASSWORD);
  await page.getByRole("heading", { name: "휴대전화에 저장하고 확인했습니다." }).waitFor();
});

test("a relay that is restarted with its memory gone is a clear error on both sides", async (t) => {
  const listen = ["--listen", `127.0.0.1:${await freePort()}`];
  const relay = await startRelay(t, ...listen);
  const folder = sampleFolder(t, "NPKI");
  const { page, phone } = await bothAtTheCode(t, relay, folder);
  await relay.stop("SIGKILL");
  await startRelay(t, ...listen);
  await page.getByRole("alert").getByText("중계 서버가 다시 시작되어").waitFor();
  assert.equal(await phone.end(), 1);
  assert.match(phone.complained, /\[relay_lost[\],]/);
  assert.equal(filesBelow(folder).size, 2);
});

test("the relay's log holds nothing of a certificate, a key, a password or a code", async (t) => {
  const relay = await startRelay(t);
  const folder = sampleFolder(t, "GPKI");
  const { page, phone, code } = await bothAtTheCode(t, relay, folder);
  const pairingCode = await page.locator("#pairing-code").textContent({ timeout: 1 }).catch(() => "NARU:");
  await typeCode(page, code);
  phone.type("y");
  phone.type(PASSWORD);
  await page.getByRole("button", { name: "남겨 두기" }).click();
  await phone.end();
  await relay.stop();
  assert.match(relay.log, /frames/);
  for (const secret of [PASSWORD, code, pairingCode, "Bearer", "홍길동"]) {
    assert.ok(!relay.log.includes(secret), secret);
  }
  assert.doesNotMatch(relay.log, /[A-Za-z0-9_-]{22,}/);
});

test("an empty folder and a file without a key are named", async (t) => {
  const relay = await startRelay(t);
  const page = await openBrowser(t, relay.origin);
  await page.goto(relay.origin);
  await page.getByRole("button", { name: "인증서를 휴대전화로 옮기기" }).click();
  await drop(page, temporaryFolder(t));
  await page.getByRole("alert").getByText("인증서를 찾지 못했습니다").waitFor();
});

test("a name in EUC-KR, as old issuers wrote it, is read", async (t) => {
  const relay = await startRelay(t);
  const folder = temporaryFolder(t);
  const openssl = (...words) => execFileSync("openssl", words, { cwd: folder, stdio: "pipe" });
  // OpenSSL puts bytes that are no ASCII into a T61String as they are.
  writeFileSync(join(folder, "request.cnf"), Buffer.concat([
    Buffer.from("[req]\nprompt=no\nstring_mask=default\ndistinguished_name=dn\n[dn]\nC=KR\nCN="),
    Buffer.from("c8abb1e6b5bf", "hex"), Buffer.from("\n"),
  ]));
  openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "signCert.der", "-outform", "DER",
    "-days", "30", "-config", "request.cnf");
  openssl("pkcs8", "-topk8", "-in", "key.pem", "-outform", "DER", "-out", "signPri.key", "-v2", "aes-256-cbc", "-passout", `pass:${PASSWORD}`);
  const page = await openBrowser(t, relay.origin);
  await showQr(page, relay.origin, folder);
  await page.getByRole("button", { name: "뒤로" }).click();
  assert.equal(await page.locator("button.certificate strong").innerText(), "홍길동");
});
