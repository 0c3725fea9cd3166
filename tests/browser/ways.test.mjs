// The other ways through the real page: to the PC, by a typed number, by a deposit, to removable storage.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import {
  PASSWORD, drop, filesBelow, freePort, openBrowser, photograph, sampleFolder, showQr, startCommand,
  startPhone, startRedis, startRelay, startSender, temporaryFolder, typeCode,
} from "./people.mjs";

const press = (page, name) => page.getByRole("button", { name }).click();
const heading = (page, name) => page.getByRole("heading", { name }).waitFor();
/** `GPKI/x` arrives below `GPKI/Certificate/class2`: names and bytes are what counts. */
const contents = (folder) => [...filesBelow(folder)].map(([path, bytes]) => [path.split("/").pop(), bytes.toString("hex")]).sort();

const STORES = {
  memory: async () => [],
  Redis: async (t) => ["--store", await startRedis(t)],
};

async function showReceivingQr(page, origin) {
  await page.goto(origin);
  await press(page, "휴대전화에서 PC로 가져오기");
  await page.locator(".left").filter({ hasText: /\d/ }).waitFor();
}

/** A phone has scanned the page's QR, and its person has typed the code. */
async function bothAtTheArrival(t, relay, name = "GPKI") {
  const page = await openBrowser(t, relay.origin);
  await showReceivingQr(page, relay.origin);
  const folder = sampleFolder(t, name);
  const phone = startSender(t, relay, folder, "--image", await photograph(t, page));
  await phone.hears(/Connected:/);
  phone.type("y");
  const code = await page.locator("#security-code").innerText();
  return { page, folder, phone, code };
}

async function choose(page, origin, way, folder) {
  await page.goto(origin);
  await press(page, way);
  await drop(page, folder);
  await page.locator("button.certificate").first().click();
  await page.getByLabel("인증서 비밀번호", { exact: true }).fill(PASSWORD);
}

for (const [store, options] of Object.entries(STORES)) {
  for (const name of ["GPKI", "NPKI", "PFX"]) {
    test(`${name} on ${store}: from the phone to a folder on the PC, checked and receipted`, async (t) => {
      const relay = await startRelay(t, ...(await options(t)));
      const { page, folder, phone, code } = await bothAtTheArrival(t, relay, name);
      phone.type(code);
      await heading(page, "이 인증서가 맞습니까?");
      const into = temporaryFolder(t);
      assert.equal(filesBelow(into).size, 0);
      await press(page, "맞습니다. 저장하기");
      await drop(page, into);
      await page.locator("#password").fill("wrong");
      await press(page, "비밀번호로 확인");
      await page.getByRole("alert").getByText("비밀번호가 맞지 않습니다").waitFor();
      await page.locator("#password").fill(PASSWORD);
      await press(page, "비밀번호로 확인");
      await heading(page, "저장했습니다.");
      await page.getByText("개인키: 인증서와 맞음").waitFor();
      await page.getByText("폐지 여부는 확인하지 못함").waitFor();
      await phone.hears(/Received on the other device/);
      assert.equal(await phone.end(), 0);
      assert.deepEqual(contents(into), contents(folder));
      assert.deepEqual(page.mistakes, []);
    });
  }

  test(`on ${store}: a typed number takes the place of the QR, in both directions`, async (t) => {
    const relay = await startRelay(t, ...(await options(t)));
    const page = await openBrowser(t, relay.origin);
    const folder = sampleFolder(t, "NPKI");
    await showQr(page, relay.origin, folder);
    await press(page, "QR을 찍을 수 없나요?");
    const phone = startPhone(t, relay, temporaryFolder(t), "--code", await page.locator("#connection-number").innerText());
    await typeCode(page, await phone.hears(/Security code: (\d{6})/));
    phone.type("y");
    phone.type(PASSWORD);
    await press(page, "남겨 두기");
    assert.equal(await phone.end(), 0);

    await showReceivingQr(page, relay.origin);
    await press(page, "QR을 찍을 수 없나요?");
    const sender = startSender(t, relay, folder, "--code", await page.locator("#connection-number").innerText());
    await sender.hears(/Connected:/);
    sender.type("y");
    sender.type(await page.locator("#security-code").innerText());
    await press(page, "맞습니다. 저장하기");
    const into = temporaryFolder(t);
    await drop(page, into);
    await page.locator("#password").fill(PASSWORD);
    await press(page, "비밀번호로 확인");
    await heading(page, "저장했습니다.");
    assert.equal(await sender.end(), 0);
    assert.deepEqual(contents(into), contents(folder));
  });

  test(`on ${store}: a deposit made on the page is fetched elsewhere, and then the original may go`, async (t) => {
    const relay = await startRelay(t, ...(await options(t)));
    const page = await openBrowser(t, relay.origin);
    const folder = sampleFolder(t, "GPKI");
    const original = contents(folder);
    await choose(page, relay.origin, "맡겨 두고 나중에 받기", folder);
    await press(page, "확인");
    const recovery = await page.locator("#recovery-code").innerText();
    assert.match(recovery, /^([0-9A-Z]{4}-){7}[0-9A-Z]{4}$/);
    const into = temporaryFolder(t);
    const phone = startCommand(t, "fetch", "--code", recovery, "--relay", relay.origin, "--into", into);
    await phone.hears(/^1\. /m);
    await page.getByText("다른 기기가 받는 중입니다.").first().waitFor();
    phone.type("y");
    phone.type(PASSWORD);
    await heading(page, "다른 기기가 받아서 저장했습니다.");
    assert.deepEqual(contents(folder), original);
    await press(page, "원본 삭제");
    await heading(page, "원본을 삭제했습니다.");
    assert.equal(await phone.end(), 0);
    assert.deepEqual(contents(into), original);
    assert.equal(filesBelow(folder).size, 0);
  });

  test(`on ${store}: a deposit made elsewhere is fetched on the page`, async (t) => {
    const relay = await startRelay(t, ...(await options(t)));
    const folder = sampleFolder(t, "NPKI");
    const depositor = startCommand(t, "deposit", "--keep", folder, "--relay", relay.origin);
    depositor.type(PASSWORD);
    const recovery = await depositor.hears(/Recovery code: (\S+)/);
    const page = await openBrowser(t, relay.origin);
    const asked = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(relay.origin);
    await press(page, "맡긴 인증서 받기·회수");
    const mistyped = (recovery[0] === "Q" ? "P" : "Q") + recovery.slice(1);
    await page.getByLabel("복구 코드").fill(mistyped);
    await page.getByRole("button", { name: "받기", exact: true }).click();
    await page.getByRole("alert").getByText("deposit_code_mistyped").waitFor();
    assert.ok(asked.every((url) => !url.includes("/v1/mailboxes")));
    await page.getByLabel("복구 코드").fill(recovery.toLowerCase());
    await page.getByRole("button", { name: "받기", exact: true }).click();
    await press(page, "맞습니다. 저장하기");
    const into = temporaryFolder(t);
    await drop(page, into);
    await press(page, "나중에 확인");
    await heading(page, "저장했습니다.");
    assert.equal(await depositor.end(), 0);
    assert.deepEqual(contents(into), contents(folder));
  });
}

test("a receiving page whose relay is killed on Redis goes on where it was", async (t) => {
  const options = ["--store", await startRedis(t), "--listen", `127.0.0.1:${await freePort()}`];
  let relay = await startRelay(t, ...options);
  const restart = async () => {
    await relay.stop("SIGKILL");
    relay = await startRelay(t, ...options);
  };
  const { page, folder, phone, code } = await bothAtTheArrival(t, relay);
  await restart();
  phone.type(code);
  await heading(page, "이 인증서가 맞습니까?");
  await restart();
  await press(page, "맞습니다. 저장하기");
  const into = temporaryFolder(t);
  await drop(page, into);
  await page.locator("#password").fill(PASSWORD);
  await press(page, "비밀번호로 확인");
  await heading(page, "저장했습니다.");
  assert.equal(await phone.end(), 0);
  assert.deepEqual(contents(into), contents(folder));
});

test("a receiving page whose relay forgets says so, and the phone keeps its original", async (t) => {
  const listen = ["--listen", `127.0.0.1:${await freePort()}`];
  const relay = await startRelay(t, ...listen);
  const { page, folder, phone } = await bothAtTheArrival(t, relay);
  await relay.stop("SIGKILL");
  await startRelay(t, ...listen);
  await page.getByRole("alert").getByText("relay_lost").waitFor();
  phone.type("000000");
  assert.equal(await phone.end(), 1);
  assert.equal(filesBelow(folder).size, 4);
});

test("what was not recognised is not stored, and the phone hears it", async (t) => {
  const relay = await startRelay(t);
  const { page, phone, code } = await bothAtTheArrival(t, relay);
  phone.type(code);
  await press(page, "저장하지 않음");
  await page.getByRole("alert").getByText("저장하지 않았습니다").waitFor();
  assert.equal(await phone.end(), 1);
  assert.match(phone.complained, /refused_by_peer/);
});

test("whoever scans the receiving page's QR first injects nothing unnoticed", async (t) => {
  const relay = await startRelay(t);
  const page = await openBrowser(t, relay.origin);
  await showReceivingQr(page, relay.origin);
  const picture = await photograph(t, page);
  // The attacker has photographed the QR, and reads the code off the screen as well.
  const attacker = startSender(t, relay, sampleFolder(t, "NPKI"), "--image", picture);
  await attacker.hears(/Connected:/);
  attacker.type("y");
  const own = startSender(t, relay, sampleFolder(t, "GPKI"), "--image", picture);
  assert.equal(await own.end(), 1);
  assert.match(own.complained, /Another device has joined first/);
  attacker.type(await page.locator("#security-code").innerText());
  await heading(page, "이 인증서가 맞습니까?");
  await page.locator(".subject").getByText("홍길동()0010045200807021234567").waitFor();
  await press(page, "저장하지 않음");
  assert.equal(await attacker.end(), 1);
});

test("three wrong codes on the phone, and nothing arrives", async (t) => {
  const relay = await startRelay(t);
  const { page, phone, code } = await bothAtTheArrival(t, relay);
  const wrong = (code.startsWith("0") ? "1" : "0") + code.slice(1);
  for (let tries = 0; tries < 3; tries += 1) phone.type(wrong);
  await page.getByRole("alert").getByText("too_many_wrong_codes").waitFor();
  assert.equal(await phone.end(), 1);
});

test("an expired receiving QR is renewed by one click", async (t) => {
  const relay = await startRelay(t, "--join-ttl", "2");
  const page = await openBrowser(t, relay.origin);
  await showReceivingQr(page, relay.origin);
  await page.getByRole("alert").getByText("시간이 지나 연결을 닫았습니다.").waitFor();
  await press(page, "새 QR 만들기");
  await page.locator(".left").filter({ hasText: /\d/ }).waitFor();
});

test("an expiry after the join is heard on the receiving page and on the phone", async (t) => {
  const relay = await startRelay(t, "--transfer-ttl", "5");
  const { page, folder, phone, code } = await bothAtTheArrival(t, relay, "NPKI");
  phone.type(code);
  await heading(page, "이 인증서가 맞습니까?");
  await page.getByRole("alert").getByText("시간이 지나 연결을 닫았습니다.").waitFor();
  assert.equal(await phone.end(), 1);
  assert.match(phone.complained, /\[expired[\],]/);
  assert.equal(filesBelow(folder).size, 2);
});

test("another file in the place is shown, and replaced only when the person says so", async (t) => {
  const relay = await startRelay(t);
  const { page, folder, phone, code } = await bothAtTheArrival(t, relay);
  phone.type(code);
  const into = temporaryFolder(t);
  const place = join(into, "GPKI/Certificate/class2/085홍길동001_sig.key");
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(place, "another key");
  await press(page, "맞습니다. 저장하기");
  await drop(page, into);
  await page.getByRole("alert").getByText("already_there").waitFor();
  await page.getByText("085홍길동001_sig.key").waitFor();
  assert.equal(readFileSync(place, "utf8"), "another key");
  assert.equal(filesBelow(into).size, 1);
  await press(page, "바꾸어 저장");
  await press(page, "나중에 확인");
  await heading(page, "저장했습니다.");
  assert.equal(await phone.end(), 0);
  assert.deepEqual(contents(into), contents(folder));
});

test("a used-up number is said, and a new one works", async (t) => {
  const relay = await startRelay(t);
  const page = await openBrowser(t, relay.origin);
  await showQr(page, relay.origin, sampleFolder(t, "NPKI"));
  await press(page, "QR을 찍을 수 없나요?");
  const number = (await page.locator("#connection-number").innerText()).replaceAll(" ", "");
  // The same rendezvous with other secret digits; the right check digit is one of ten.
  const guesses = Array.from({ length: 10 }, (_, check) => `${number.slice(0, 5)}${(Number(number[5]) + 1) % 10}${number.slice(6, 11)}${check}`);
  for (const guess of guesses) {
    const guesser = startPhone(t, relay, temporaryFolder(t), "--code", guess);
    await guesser.end();
    if (/wrong_number|already_joined/.test(guesser.complained)) break;
  }
  await page.getByRole("alert").getByText("더 쓸 수 없습니다").waitFor();
  await press(page, "새 연결번호");
  const phone = startPhone(t, relay, temporaryFolder(t), "--code", await page.locator("#connection-number").innerText());
  await phone.hears(/Security code: (\d{6})/);
});

test("a deposit is withdrawn on the page, with its codes and by the withdraw code", async (t) => {
  const relay = await startRelay(t);
  const page = await openBrowser(t, relay.origin);
  const folder = sampleFolder(t, "NPKI");
  page.on("dialog", (dialog) => dialog.accept());
  for (const byCode of [false, true]) {
    await choose(page, relay.origin, "맡겨 두고 나중에 받기", folder);
    await press(page, "확인");
    const recovery = await page.locator("#recovery-code").innerText();
    const withdraw = await page.locator("#withdraw-code").innerText();
    if (byCode) {
      await page.goto(relay.origin);
      await press(page, "맡긴 인증서 받기·회수");
      await page.getByLabel("회수 코드").fill(withdraw);
      await page.getByRole("button", { name: "확인", exact: true }).click();
      await page.locator("#deposit-status").getByText("아직 받아 가지 않았습니다.").waitFor();
      await press(page, "회수하기");
      await page.locator("#deposit-status").getByText("회수했습니다").waitFor();
    } else {
      await press(page, "회수하기");
      await page.getByRole("alert").getByText("회수했습니다").waitFor();
    }
    const late = startCommand(t, "fetch", "--code", recovery, "--relay", relay.origin);
    assert.equal(await late.end(), 1);
    assert.match(late.complained, /deposit_gone/);
  }
  assert.equal(filesBelow(folder).size, 2);
});

test("a set is copied to a folder as it is, and read from there", async (t) => {
  const relay = await startRelay(t);
  const page = await openBrowser(t, relay.origin);
  const folder = sampleFolder(t, "GPKI");
  await choose(page, relay.origin, "이동식 저장장치", folder);
  await press(page, "확인");
  const drive = temporaryFolder(t);
  await heading(page, "어디로 복사할까요?");
  await drop(page, drive);
  await heading(page, /복사하고 확인했습니다/);
  assert.deepEqual(contents(drive), contents(folder));
  await showQr(page, relay.origin, drive);
});

test("a .pfx is downloaded that opens with the same password", async (t) => {
  const relay = await startRelay(t);
  const page = await openBrowser(t, relay.origin);
  const folder = sampleFolder(t, "NPKI");
  await choose(page, relay.origin, "이동식 저장장치", folder);
  await press(page, "확인");
  const coming = page.waitForEvent("download");
  await press(page, ".pfx로 내려받기");
  const path = join(temporaryFolder(t), "downloaded.pfx");
  await (await coming).saveAs(path);
  await showQr(page, relay.origin, path);
});

test("a certificate is sent under a new password, and the original keeps its own", async (t) => {
  const relay = await startRelay(t);
  const page = await openBrowser(t, relay.origin);
  const folder = sampleFolder(t, "GPKI");
  await choose(page, relay.origin, "인증서를 휴대전화로 옮기기", folder);
  await page.getByText("새 비밀번호로 바꾸어 보내기").click();
  await page.getByLabel("새 비밀번호", { exact: true }).fill("short");
  await page.getByText("새 비밀번호가 너무 짧습니다.").waitFor();
  await press(page, "확인");
  await page.getByRole("alert").getByText("password_too_short").waitFor();
  await page.getByLabel("새 비밀번호", { exact: true }).fill("New-Password9");
  await page.getByText("쓸 수 있는 비밀번호입니다.").waitFor();
  await page.getByLabel("새 비밀번호 다시").fill("New-Password9");
  await press(page, "확인");
  await page.locator(".left").filter({ hasText: /\d/ }).waitFor();
  const into = temporaryFolder(t);
  const phone = startPhone(t, relay, into, "--image", await photograph(t, page));
  await typeCode(page, await phone.hears(/Security code: (\d{6})/));
  phone.type("y");
  phone.type("New-Password9");
  await heading(page, "휴대전화에 저장하고 확인했습니다.");
  await press(page, "남겨 두기");
  assert.equal(await phone.end(), 0);
  const [sent, kept] = [contents(into), contents(folder)];
  for (const [at, [name, bytes]] of sent.entries()) assert.equal(bytes === kept[at][1], name.endsWith(".cer"), name);
});

test("a password is changed in place", async (t) => {
  const relay = await startRelay(t);
  const page = await openBrowser(t, relay.origin);
  const folder = sampleFolder(t, "GPKI");
  const before = contents(folder);
  await choose(page, relay.origin, "인증서 비밀번호 바꾸기", folder);
  await press(page, "확인");
  await page.getByLabel("새 비밀번호", { exact: true }).fill("New-Password9");
  await page.getByLabel("새 비밀번호 다시").fill("New-Password8");
  await press(page, "바꾸기");
  await page.getByRole("alert").getByText("passwords_differ").waitFor();
  assert.deepEqual(contents(folder), before);
  await page.getByLabel("새 비밀번호 다시").fill("New-Password9");
  await press(page, "바꾸기");
  await heading(page, "비밀번호를 바꾸었습니다.");
  for (const [at, [name, bytes]] of contents(folder).entries()) assert.equal(bytes === before[at][1], name.endsWith(".cer"), name);
  const again = startCommand(t, "passwd", folder);
  again.type("New-Password9");
  again.type(PASSWORD + "Aa1");
  again.type(PASSWORD + "Aa1");
  assert.equal(await again.end(), 0);
});

test("an original whose receipt is known can be deleted later", async (t) => {
  const relay = await startRelay(t);
  const page = await openBrowser(t, relay.origin);
  page.on("dialog", (dialog) => dialog.accept());
  const folder = sampleFolder(t, "NPKI");
  await showQr(page, relay.origin, folder);
  const phone = startPhone(t, relay, temporaryFolder(t), "--image", await photograph(t, page));
  await typeCode(page, await phone.hears(/Security code: (\d{6})/));
  phone.type("y");
  phone.type(PASSWORD);
  await heading(page, "휴대전화에 저장하고 확인했습니다.");
  // The page is closed before anybody has decided.
  await page.reload();
  await choose(page, relay.origin, "인증서를 휴대전화로 옮기기", folder);
  await press(page, "확인");
  await heading(page, /이미 옮긴 인증서입니다/);
  await press(page, "원본 삭제");
  await heading(page, "원본을 삭제했습니다.");
  assert.equal(filesBelow(folder).size, 0);
});

test("a shared PC keeps nothing and ends visibly, and the operator can make it the rule", async (t) => {
  const relay = await startRelay(t, "--shared-pc");
  const page = await openBrowser(t, relay.origin);
  page.on("dialog", (dialog) => dialog.accept());
  await showQr(page, relay.origin, sampleFolder(t, "NPKI"));
  const phone = startPhone(t, relay, temporaryFolder(t), "--image", await photograph(t, page));
  await typeCode(page, await phone.hears(/Security code: (\d{6})/));
  phone.type("y");
  phone.type(PASSWORD);
  await press(page, "남겨 두기");
  const workers = page.workers().length;
  assert.equal(workers, 1);
  const gone = page.workers()[0].waitForEvent("close");
  await press(page, "끝내기");
  await heading(page, "이 PC에 남긴 것이 없습니다.");
  await gone;
  const left = await page.evaluate(async () => ({
    local: localStorage.length, session: sessionStorage.length, cookies: document.cookie,
    databases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,
    history: history.length, state: history.state, url: location.href.slice(location.origin.length),
  }));
  assert.deepEqual(left, { local: 0, session: 0, cookies: "", databases: 0, caches: 0, history: left.history, state: null, url: "/" });
  assert.ok(!(await page.content()).includes("홍길동"));
});

test("a deposit and a number outlive a relay that is killed on Redis", async (t) => {
  const options = ["--store", await startRedis(t), "--listen", `127.0.0.1:${await freePort()}`];
  let relay = await startRelay(t, ...options);
  const restart = async () => {
    await relay.stop("SIGKILL");
    relay = await startRelay(t, ...options);
  };
  const page = await openBrowser(t, relay.origin);
  page.on("dialog", (dialog) => dialog.accept());
  const folder = sampleFolder(t, "NPKI");
  await choose(page, relay.origin, "맡겨 두고 나중에 받기", folder);
  await press(page, "확인");
  const recovery = await page.locator("#recovery-code").innerText();
  await restart();
  const into = temporaryFolder(t);
  const phone = startCommand(t, "fetch", "--code", recovery, "--relay", relay.origin, "--into", into);
  await phone.hears(/^1\. /m);
  await restart();
  phone.type("y");
  phone.type(PASSWORD);
  await heading(page, "다른 기기가 받아서 저장했습니다.");
  assert.equal(await phone.end(), 0);
  assert.deepEqual(contents(into), contents(folder));
  await press(page, "남겨 두기");

  await showReceivingQr(page, relay.origin);
  await press(page, "QR을 찍을 수 없나요?");
  const number = await page.locator("#connection-number").innerText();
  await restart();
  const sender = startSender(t, relay, folder, "--code", number);
  await sender.hears(/Connected:/);
  sender.type("y");
  await page.locator("#security-code").waitFor();
});

test("a page whose deposit was forgotten says so, and the original is where it was", async (t) => {
  const listen = ["--listen", `127.0.0.1:${await freePort()}`];
  const relay = await startRelay(t, ...listen);
  const page = await openBrowser(t, relay.origin);
  const folder = sampleFolder(t, "NPKI");
  await choose(page, relay.origin, "맡겨 두고 나중에 받기", folder);
  await press(page, "확인");
  await page.locator("#recovery-code").waitFor();
  await relay.stop("SIGKILL");
  await startRelay(t, ...listen);
  await page.getByRole("alert").getByText("relay_lost").waitFor();
  assert.equal(filesBelow(folder).size, 2);
});

test("from one PC's page to another's, by the number alone", async (t) => {
  const relay = await startRelay(t);
  const folder = sampleFolder(t, "GPKI");
  const giver = await openBrowser(t, relay.origin);
  await showQr(giver, relay.origin, folder);
  await press(giver, "QR을 찍을 수 없나요?");
  const number = await giver.locator("#connection-number").innerText();
  const receiver = await openBrowser(t, relay.origin);
  await showReceivingQr(receiver, relay.origin);
  await receiver.getByText("보내는 기기에 연결번호가 보이나요?").click();
  const mistyped = number.slice(0, -1) + ((Number(number.at(-1)) + 1) % 10);
  await receiver.getByLabel("보내는 기기의 연결번호").fill(mistyped);
  await press(receiver, "연결번호로 연결하기");
  await receiver.getByRole("alert").getByText("number_mistyped").waitFor();
  await receiver.getByLabel("보내는 기기의 연결번호").fill(number);
  await press(receiver, "연결번호로 연결하기");
  await typeCode(giver, (await receiver.locator("#security-code").innerText()).replace(" ", ""));
  await press(receiver, "맞습니다. 저장하기");
  const into = temporaryFolder(t);
  await drop(receiver, into);
  await receiver.locator("#password").fill(PASSWORD);
  await press(receiver, "비밀번호로 확인");
  await heading(receiver, "저장했습니다.");
  await press(giver, "남겨 두기");
  assert.deepEqual(contents(into), contents(folder));
  assert.deepEqual([...giver.mistakes, ...receiver.mistakes], []);
});
