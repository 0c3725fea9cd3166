// The page proves at the other end who its person is, whatever the relay says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "./barriers.mjs";
import {
  beginGiving, confirm, openAs, openWindow, photographed, startApp, startChannel, startLyingRelay,
} from "./channel.mjs";
import { PASSWORD, drop, filesBelow, sampleFolder, temporaryFolder, typeCode } from "./people.mjs";

const BRING = "휴대전화에서 PC로 가져오기";
const contents = (folder) => [...filesBelow(folder).values()];

/** What the page keeps in this browser. */
const kept = (page) => page.evaluate(() => ({ local: { ...localStorage }, session: { ...sessionStorage }, cookies: document.cookie }));

/** The person at the page goes on until the certificate is stored in `into`. */
async function store(page, app, into) {
  app.type((await page.locator("#security-code").innerText()).replaceAll(" ", ""));
  await page.getByRole("button", { name: "맞습니다. 저장하기" }).click();
  await drop(page, into);
  await page.locator("#password").fill(PASSWORD);
  await page.getByRole("button", { name: "비밀번호로 확인" }).click();
  await page.getByRole("heading", { name: "저장했습니다." }).waitFor();
  assert.equal(await app.ended(), "done");
}

/** The person at the page types the app's code, and the app stores the certificate. */
async function send(page, app) {
  await typeCode(page, await app.hears(/"code":"(\d{6})"/));
  await page.getByRole("button", { name: "남겨 두기" }).click();
  assert.equal(await app.ended(), "done");
  await page.getByRole("button", { name: "처음으로" }).click();
}

test("one person's certificates cross in every way once the person has said who they are", async (t) => {
  const world = await startChannel(t);
  const page = await openAs(t, world, "hong");
  const windows = [];
  page.context().on("page", (opened) => windows.push(opened));
  const [gpki, npki] = [sampleFolder(t, "GPKI"), sampleFolder(t, "NPKI")];
  const into = () => temporaryFolder(t);

  await beginGiving(page, npki);
  await page.getByText(new URL(world.issuer).host).first().waitFor();
  await confirm(page);
  let folder = into();
  await send(page, await startApp(t, world, "hong", { code: await photographed(page), folder }));
  assert.deepEqual(contents(folder), contents(npki));

  await beginGiving(page, gpki);
  await photographed(page);
  await page.getByRole("button", { name: "QR을 찍을 수 없나요?" }).click();
  folder = into();
  const number = await page.locator("#connection-number").innerText();
  await send(page, await startApp(t, world, "hong", { number, folder }));
  assert.deepEqual(contents(folder), contents(gpki));

  await page.getByRole("button", { name: BRING }).click();
  const scanner = await startApp(t, world, "hong", { give: true, code: await photographed(page), folder: npki });
  folder = into();
  await store(page, scanner, folder);
  assert.deepEqual(contents(folder), contents(npki));

  await page.goto(world.origin);
  await page.getByRole("button", { name: BRING }).click();
  await confirm(page);
  await photographed(page);
  const shows = await startApp(t, world, "hong", { give: true, folder: gpki });
  await page.getByText("보내는 기기에 연결번호가 보이나요?").click();
  await page.locator("#number").fill(await shows.hears(/"number":"([\d ]+)"/));
  await page.getByRole("button", { name: "연결번호로 연결하기" }).click();
  folder = into();
  await store(page, shows, folder);
  assert.deepEqual(contents(folder), contents(gpki));

  // A reload has forgotten who it was; nothing else has asked.
  assert.equal(windows.length, 2);
  const { local, session, cookies } = await kept(page);
  assert.deepEqual([session, cookies, local["naru-issuer"]], [{}, "", world.issuer]);
  assert.deepEqual(Object.keys(local).sort(), ["naru-issuer", "naru-moved"]);
  assert.equal(page.url(), `${world.origin}/`);
  assert.ok(!world.relay.log.includes("eyJ"), "a token is in the relay's log: " + world.relay.log);
  assert.deepEqual(page.mistakes, []);
});

const REFUSED = {
  other_person: ["다른 사람의 연결입니다. 두 기기에 같은 계정으로 로그인하세요.", "This connection belongs to another person."],
  identity_invalid: ["다른 기기에 로그인한 사람이 누구인지 확인하지 못했습니다.", "Who is logged in on the other device could not be verified."],
  identity_missing: ["한쪽 기기에만 로그인되어 있습니다.", "Only one of the two devices is logged in."],
};

/** What the page says of a transfer that was refused, in both languages. */
async function refused(page, code) {
  const alert = page.getByRole("alert");
  const [korean, english] = REFUSED[code];
  await alert.getByText(korean).waitFor();
  assert.match(await alert.innerText(), new RegExp(code));
  await page.getByRole("button", { name: "English" }).click();
  await alert.getByText(english).waitFor();
  await page.getByRole("button", { name: "한국어" }).click();
}

test("another person's phone that has photographed the QR gets nothing, whatever the relay says", async (t) => {
  const folder = sampleFolder(t, "NPKI");
  const before = contents(folder);
  const into = temporaryFolder(t);
  const honest = await startChannel(t);
  const page = await openAs(t, honest, "hong");
  await beginGiving(page, folder);
  await confirm(page);
  const thief = await startApp(t, honest, "kim", { code: await photographed(page), folder: into });
  assert.equal(await thief.ended(), "other_person");
  // The relay has not let it in: the person's own phone still can come.
  await page.locator("canvas.qr").waitFor();

  const lying = await startLyingRelay(t);
  const deceived = await openAs(t, lying, "hong");
  await beginGiving(deceived, folder);
  await confirm(deceived, "hong");
  const joined = await startApp(t, lying, "kim", { code: await photographed(deceived), folder: into });
  assert.equal(await joined.ended(), "other_person");
  await refused(deceived, "other_person");

  await deceived.goto(lying.origin);
  await deceived.getByRole("button", { name: BRING }).click();
  await confirm(deceived, "hong");
  const sender = await startApp(t, lying, "kim", { give: true, code: await photographed(deceived), folder });
  assert.equal(await sender.ended(), "other_person");
  await refused(deceived, "other_person");

  assert.doesNotMatch(thief.said + joined.said, /"(code|arrived)"/);
  assert.equal(filesBelow(into).size, 0);
  assert.deepEqual(contents(folder), before);
});

test("a phone that does not prove whose it is gets nothing and gives nothing", async (t) => {
  const world = await startLyingRelay(t);
  const page = await openAs(t, world, "hong");
  const folder = sampleFolder(t, "NPKI");
  const into = temporaryFolder(t);
  await beginGiving(page, folder);
  await confirm(page, "hong");
  const silent = await startApp(t, world, "hong", { code: await photographed(page), folder: into }, []);
  assert.equal(await silent.ended(), "identity_missing");
  await refused(page, "identity_missing");
  // Trying again needs nobody to say again who they are.
  await page.getByRole("button", { name: "다시 시도" }).click();
  const own = await startApp(t, world, "hong", { code: await photographed(page), folder: into });
  await send(page, own);
  assert.deepEqual(contents(into), contents(folder));

  await page.getByRole("button", { name: BRING }).click();
  const sender = await startApp(t, world, "hong", { give: true, code: await photographed(page), folder }, []);
  assert.equal(await sender.ended(), "identity_missing");
  await refused(page, "identity_missing");
});

test("a phone for which the page's tokens do not count takes nothing, and the person says again who they are", async (t) => {
  const world = await startLyingRelay(t);
  const page = await openAs(t, world, "hong");
  const into = temporaryFolder(t);
  await beginGiving(page, sampleFolder(t, "NPKI"));
  await confirm(page, "hong");
  const strict = await startApp(t, world, "hong", { code: await photographed(page), folder: into }, ["naru-channel-app"]);
  assert.equal(await strict.ended(), "identity_invalid");
  await refused(page, "identity_invalid");
  assert.equal(filesBelow(into).size, 0);
  await page.getByRole("button", { name: "다시 시도" }).click();
  await confirm(page, "hong");
  await photographed(page);
});

test("what keeps the person from saying who they are is told, and can be tried again", async (t) => {
  const world = await startChannel(t);
  const page = await openAs(t, world, "hong");
  const alert = page.getByRole("alert");
  await beginGiving(page, sampleFolder(t, "NPKI"));

  const cancelled = await openWindow(page);
  await cancelled.getByRole("link", { name: "[ Cancel ]" }).click();
  await alert.getByText("본인 확인을 취소했거나 허용되지 않았습니다.").waitFor();
  assert.match(await alert.innerText(), /identity_denied/);
  await page.getByRole("button", { name: "English" }).click();
  await alert.getByText("It was cancelled or is not allowed.").waitFor();
  await page.getByRole("button", { name: "한국어" }).click();

  await page.evaluate(() => {
    const open = window.open;
    window.open = () => {
      window.open = open;
      return null;
    };
  });
  await page.locator("#identify").click();
  await alert.getByText("브라우저가 새 창을 막았습니다.").waitFor();
  assert.match(await alert.innerText(), /window_blocked/);

  const refuse = { status: 400, headers: { "access-control-allow-origin": "*" }, json: { error: "invalid_grant" } };
  await page.route(`${world.issuer}/token`, (route) => route.fulfill(refuse), { times: 1 });
  await confirm(page);
  await alert.getByText("본인 확인 서버가 확인을 받아들이지 않았습니다.").waitFor();
  assert.match(await alert.innerText(), /identity_refused/);

  await confirm(page);
  await photographed(page);
});

test("an issuer that says it is another one, or answers no page, is not asked", async (t) => {
  const world = await startChannel(t, { clientBasedCORS: () => false });
  const page = await openAs(t, world, "hong");
  const alert = page.getByRole("alert");
  const described = `${world.issuer}/.well-known/openid-configuration`;
  await page.route(described, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), issuer: `${world.issuer}/` } });
  }, { times: 1 });
  await page.getByRole("button", { name: BRING }).click();
  await alert.getByText("본인 확인 서버가 올바르게 설정되지 않았습니다.").waitFor();
  assert.match(await alert.innerText(), /issuer_invalid/);
  await page.getByRole("button", { name: "다시 시도" }).click();
  await confirm(page);
  await alert.getByText("본인 확인 서버가 이 페이지에 응답하지 않습니다.").waitFor();
  assert.match(await alert.innerText(), /issuer_unreachable/);
  assert.equal(await page.locator("canvas.qr").count(), 0);
});

test("an answer is taken once, and only where the page waits for it", async (t) => {
  const world = await startChannel(t);
  const page = await openAs(t, world, "hong");
  const exchanged = [];
  page.on("request", (request) => request.url() === `${world.issuer}/token` && exchanged.push(request.postData()));
  await page.getByRole("button", { name: BRING }).click();
  await page.locator("#identify").waitFor();
  const visit = async (address) => {
    const other = await page.context().newPage();
    await other.goto(address);
    await other.getByText("이 창을 닫고").waitFor();
    assert.equal(await other.evaluate(() => location.href), `${world.origin}/login/channel`);
    await other.close();
  };
  for (const forged of ["?state=forged&code=forged", "#state=forged&code=forged", "?error=access_denied", ""]) {
    await visit(`${world.origin}/login/channel${forged}`);
  }
  const address = page.context().waitForEvent("response", (response) => response.headers().location?.startsWith(`${world.origin}/login/channel`))
    .then((response) => response.headers().location);
  await confirm(page);
  // Not even the relay has seen the code.
  assert.match(await address, /channel#.*code=/);
  await photographed(page);
  assert.equal(exchanged.length, 1);
  assert.ok(!exchanged[0].includes("forged"));
  assert.match(exchanged[0], /code_verifier=[\w-]{43}(&|$)/);
  // The answer once more, also while the page waits for another one.
  await visit(await address);
  await page.reload();
  await page.getByRole("button", { name: BRING }).click();
  await page.locator("#identify").waitFor();
  await visit(await address);
  await confirm(page);
  await photographed(page);
  assert.equal(exchanged.length, 2);
});

test("what the person has said is over in time, with a logout, and where nothing may be left", async (t) => {
  const world = await startChannel(t);
  const page = await openAs(t, world, "hong");
  const nonces = [];
  page.context().on("request", (request) => {
    const asked = new URL(request.url()).searchParams;
    if (asked.get("client_id") === "naru-channel-page") nonces.push(asked.get("nonce"));
  });
  await page.locator("#shared").check();
  await page.getByRole("button", { name: BRING }).click();
  await confirm(page);
  await photographed(page);
  assert.deepEqual((await kept(page)).local, {});
  await page.evaluate(() => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + 3_600_000;
  });
  await page.getByRole("button", { name: "뒤로" }).click();
  await page.getByRole("button", { name: BRING }).click();
  await page.locator("#identify").waitFor();
  await page.getByRole("button", { name: "뒤로" }).click();
  await page.getByRole("button", { name: "로그아웃" }).click();
  await page.getByRole("heading", { name: "로그인" }).waitFor();
  await page.getByRole("button", { name: "로그인" }).click();
  await page.getByRole("button", { name: BRING }).click();
  await confirm(page);
  await photographed(page);
  assert.equal(new Set(nonces).size, nonces.length);
  assert.equal(nonces.length, 2);
});

for (const [locale, words] of [
  ["ko-KR", { changed: "전에는 old.example에서 본인을 확인했는데 지금은", gone: "지금은 확인하지 않고 옮기려고 합니다", goOn: "확인하지 않고 계속", go: "본인 확인하기" }],
  ["en-US", { changed: "you confirmed who you are at old.example before, and are now asked", gone: "nobody asks for that now", goOn: "Go on without", go: "Confirm it is me" }],
]) {
  test(`who is asked is named, a change is told, and both are free of barriers (${locale})`, async (t) => {
    const world = await startChannel(t);
    const page = await openAs(t, world, "hong", locale);
    const bring = () => page.locator("button.way").nth(1).click();
    const warning = page.locator("#issuer-warning");
    const remember = () => page.evaluate(() => localStorage.setItem("naru-issuer", "https://old.example"));
    await bring();
    await page.getByRole("button", { name: words.go }).waitFor();
    assert.ok((await page.locator("main").innerText()).includes(new URL(world.issuer).host));
    assert.equal(await warning.count(), 0);
    await inspect(page, "who it is");
    await openWindow(page);
    await page.getByRole("status").nth(0).waitFor();
    await inspect(page, "waiting for the window", "identify");

    await remember();
    await page.reload();
    await bring();
    await warning.getByText(words.changed).waitFor();
    await page.locator("#identify").waitFor();
    await inspect(page, "another issuer");
    await confirm(page);
    await photographed(page);
    assert.equal((await kept(page)).local["naru-issuer"], world.issuer);

    // The relay asks nobody any more.
    await remember();
    await page.route("**/v1/settings", async (route) => {
      const response = await route.fetch();
      const { login, ...settings } = await response.json();
      login.providers.forEach((provider) => delete provider.channel);
      await route.fulfill({ response, json: { ...settings, login } });
    });
    await page.reload();
    await bring();
    await warning.getByText(words.gone).waitFor();
    await inspect(page, "no issuer");
    await page.getByRole("button", { name: words.goOn }).click();
    await photographed(page);
    assert.deepEqual((await kept(page)).local, {});
    assert.deepEqual(page.mistakes, []);
  });
}
