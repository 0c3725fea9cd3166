// Two agencies with different rules on one relay: what their people see, and what the desk finds.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import {
  PASSWORD, binary, openBrowser, photograph, sampleFolder, startRelay, startSender, temporaryFolder,
} from "./people.mjs";

const RULES = `
[desk]
name = { ko = "통합 지원센터", en = "Support centre" }
phone = "110"

[agency.interior]
name = { ko = "행정안전부", en = "Ministry of the Interior" }
networks = ["10.1.0.0/16"]
directions = ["from-pc"]
text = { ko = "행정안전부 직원만 쓸 수 있습니다.", en = "For the ministry's people only." }
[agency.interior.desk]
name = { ko = "정보화담당관실", en = "IT office" }
phone = "02-2100-0000"

[agency.tax]
name = { ko = "국세청", en = "National Tax Service" }
networks = ["10.2.0.0/16"]
deposits = false
issuers = ["CA000000000"]
[agency.tax.desk]
name = { ko = "세정 지원", en = "Tax desk" }
mail = "desk@example.go.kr"

[agency.education]
name = { ko = "교육부", en = "Ministry of Education" }
networks = ["10.3.0.0/16"]
policies = ["1.2.410.100001.2.2.1", "1.2.410.100001.2.2.2"]
[agency.education.desk]
name = { ko = "교육정보센터", en = "Education desk" }
phone = "044-203-0000"
hours = { ko = "평일 09:00~18:00", en = "weekdays 9 to 18" }
`;

/** A relay with rules, and for each person a proxy that tells where they are. */
async function startRuledRelay(t) {
  const folder = temporaryFolder(t);
  const rules = join(folder, "agencies.toml");
  writeFileSync(rules, RULES);
  const audit = `sqlite:${join(folder, "audit.sqlite")}`;
  const relay = await startRelay(t, "--agencies", rules, "--audit", audit, "--trusted-proxies", "127.0.0.0/8");
  return { relay, rules, audit, at: (address, unknown) => startProxy(t, relay.origin, address, unknown) };
}

/** `unknown` is a path that the relay does not know. */
async function startProxy(t, origin, address, unknown) {
  const proxy = createServer((from, to) => {
    if (from.url === unknown) return to.writeHead(404).end();
    const headers = { ...from.headers, "x-forwarded-for": address };
    const sent = request(origin + from.url, { method: from.method, headers }, (answer) => {
      to.writeHead(answer.statusCode, answer.headers);
      answer.pipe(to);
    });
    sent.on("error", () => to.destroy());
    to.on("close", () => sent.destroy());
    from.pipe(sent);
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  t.after(() => proxy.closeAllConnections());
  t.after(() => proxy.close());
  return `http://localhost:${proxy.address().port}`;
}

async function visit(t, origin, locale) {
  const page = await openBrowser(t, origin, locale);
  await page.goto(origin);
  return page;
}

const PHONE = "인증서를 휴대전화로 옮기기";
const BRING = "휴대전화에서 PC로 가져오기";
const DEPOSIT = "맡겨 두고 나중에 받기";

test("whoever belongs to no agency hears so, and whom to ask", async (t) => {
  const { at, audit } = await startRuledRelay(t);
  const page = await visit(t, await at("10.9.0.1"));
  const alert = page.getByRole("alert");
  await alert.getByText("이 망에서는 인증서를 옮길 수 없습니다.").waitFor();
  await alert.getByText("문의: 통합 지원센터, 110").waitFor();
  assert.equal(await page.getByRole("button", { name: PHONE }).count(), 0);
  await page.getByRole("button", { name: "English" }).click();
  await alert.getByText("Certificates cannot be moved from this network.").waitFor();
  await alert.getByText("Ask: Support centre, 110").waitFor();
  const [, reference] = (await alert.innerText()).match(/not_allowed · reference (\S{4}-\S{3})/);
  await found(audit, reference, /refusal {2}failure=not_allowed {2}rule=networks {2}from=10\.9\.0\.1/);
});

test("each agency's people have their own rules", async (t) => {
  const { at } = await startRuledRelay(t);
  const interior = await visit(t, await at("10.1.2.3"));
  await interior.getByText("행정안전부 직원만 쓸 수 있습니다.").waitFor();
  await interior.getByRole("button", { name: DEPOSIT }).waitFor();
  await interior.getByRole("button", { name: BRING }).click();
  const alert = interior.getByRole("alert");
  await alert.getByText("행정안전부 정책상 이 방향으로는 인증서를 옮길 수 없습니다.").waitFor();
  await alert.getByText("문의: 정보화담당관실, 02-2100-0000").waitFor();

  const tax = await visit(t, await at("10.2.2.3"));
  await tax.getByText("국세청").waitFor();
  assert.equal(await tax.getByRole("button", { name: DEPOSIT }).count(), 0);
  await choose(t, tax);
  await tax.getByRole("alert").getByText("국세청 정책상 이 발급기관의 인증서는 옮길 수 없습니다.").waitFor();
  await tax.getByRole("alert").getByText("문의: 세정 지원, desk@example.go.kr").waitFor();
});

test("a rule that changes holds from the next request on, and the desk finds whom it stopped", async (t) => {
  const { relay, rules, at, audit } = await startRuledRelay(t);
  const page = await visit(t, await at("10.1.2.3"));
  await choose(t, page);
  await page.locator("canvas.qr").waitFor();
  writeFileSync(rules, RULES.replace("10.1.0.0/16", "10.7.0.0/16"));
  relay.child.kill("SIGHUP");
  const alert = page.getByRole("alert");
  // The page's own request waits for the phone for 25 seconds at most.
  await alert.getByText("이 망에서는 인증서를 옮길 수 없습니다.").waitFor({ timeout: 60_000 });
  const [, reference] = (await alert.innerText()).match(/not_allowed · 문의 번호 (\S{4}-\S{3})/);
  await found(audit, reference, /opening {2}agency=interior[^]*refusal {2}failure=not_allowed {2}rule=networks/);
});

for (const [locale, rule, desk] of [
  ["ko-KR", "교육부 정책상 이 종류의 인증서는 옮길 수 없습니다.", "문의: 교육정보센터, 044-203-0000, 평일 09:00~18:00"],
  ["en-US", "Ministry of Education: Certificates of this kind cannot be moved.", "Ask: Education desk, 044-203-0000, weekdays 9 to 18"],
]) {
  test(`a certificate of a policy that the agency does not allow goes neither out nor in (${locale})`, async (t) => {
    const { at } = await startRuledRelay(t);
    // A device that does not ask for the rules, as a client of somebody's own need not.
    const origin = await at("10.3.2.3", "/v1/rules");
    const page = await visit(t, origin, locale);
    const told = async () => {
      const alert = page.getByRole("alert");
      await alert.getByText(rule).waitFor();
      await alert.getByText(desk).waitFor();
      assert.match(await alert.innerText(), /not_allowed/);
      assert.equal(await page.locator("canvas.qr").count(), 0);
    };
    await choose(t, page);
    await told();
    // One of an allowed policy goes.
    await page.reload();
    await choose(t, page, "GPKI");
    await page.locator("canvas.qr").waitFor();

    await page.reload();
    await page.locator("button.way").nth(1).click();
    await page.locator(".left").filter({ hasText: /\d/ }).waitFor();
    const sender = startSender(t, { origin }, sampleFolder(t, "NPKI"), "--image", await photograph(t, page));
    sender.type("y");
    sender.type(await page.locator("#security-code").innerText());
    await told();
    assert.equal(await sender.end(), 1);
    assert.match(sender.complained, /\[refused_by_peer/);
  });
}

async function choose(t, page, sample = "NPKI") {
  await page.locator("button.way").first().click();
  await page.locator("input[webkitdirectory]").setInputFiles(sampleFolder(t, sample));
  await page.locator("main li button").first().click();
  await page.locator("#password").fill(PASSWORD);
  await page.locator("form .primary").click();
}

/** The relay notes what has happened beside its answer. */
async function found(audit, reference, pattern) {
  for (let tries = 0; ; tries += 1) {
    const { stdout, stderr } = spawnSync(binary("naru-relay"), ["audit", "--audit", audit, "--reference", reference], { encoding: "utf8" });
    if (pattern.test(stdout)) return;
    assert.ok(tries < 50, `${pattern} is not in ${stdout}${stderr}`);
  }
}
