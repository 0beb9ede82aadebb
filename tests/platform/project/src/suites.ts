/*
 * Data of the Web Platform Tests (tests/platform/wpt), run in a party. A request for a suite answers with how many
 * cases there are and which failed, and why.
 */

import base64 from "../../wpt/base64.json";
import dataUrls from "../../wpt/data-urls.json";
import encodings from "../../wpt/encodings.json";
import patterns from "../../wpt/urlpatterns.json";
import setters from "../../wpt/url-setters.json";
import urls from "../../wpt/urls.json";
import { party } from "./check";

type Case = [name: string, run: () => unknown];

async function count(cases: Case[]) {
  const failed: string[] = [];
  for (const [name, run] of cases) {
    try {
      await run();
    } catch (error) {
      failed.push(`${name}: ${(error as Error)?.message ?? error}`);
    }
  }
  return { count: cases.length, failed };
}

/** As JSON, whatever the order of members. */
const text = (value: unknown) =>
  JSON.stringify(value, (_, part) =>
    typeof part === "object" && part !== null && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort()) : part);

function same(given: unknown, wanted: unknown, what = "") {
  const [a, b] = [text(given), text(wanted)];
  if (a !== b) throw new Error(`${what} is ${a}, not ${b}`);
}

function throws(run: () => unknown, kind = "TypeError") {
  try {
    run();
  } catch (error) {
    return same((error as Error).name, kind, "the error");
  }
  throw new Error("nothing was thrown");
}

const PARTS = [
  "href", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash",
];

function urlCases(): Case[] {
  return (urls as any[]).map((it) => [`<${it.input}> at <${it.base}>`, () => {
    const base = it.base ?? undefined;
    if (it.failure) {
      throws(() => new URL(it.input, base));
      same(URL.canParse(it.input, base), false, "canParse");
      return;
    }
    const url = new URL(it.input, base) as any;
    for (const part of PARTS) same(url[part], it[part], part);
    if ("origin" in it) same(url.origin, it.origin, "origin");
    if ("searchParams" in it) same(url.searchParams.toString(), it.searchParams, "searchParams");
    same(URL.canParse(it.input, base), true, "canParse");
    same(new URL(url.href).href, url.href, "parsed again");
  }]);
}

function setterCases(): Case[] {
  return (setters as any[]).map((it) => [`<${it.href}>.${it.set} = <${it.new_value}>`, () => {
    const url = new URL(it.href) as any;
    url[it.set] = it.new_value;
    for (const [part, wanted] of Object.entries(it.expected)) same(url[part], wanted, part);
  }]);
}

const COMPONENTS = ["protocol", "username", "password", "hostname", "port", "pathname", "search", "hash"];

/** As in urlpattern/resources/urlpatterntests.js: components nobody mentions have the input "" or, by default, "*". */
function patternCases(): Case[] {
  const { URLPattern } = globalThis as any;
  return (patterns as any[]).map((it) => [JSON.stringify([it.pattern, it.inputs]), () => {
    if (it.expected_obj === "error") return throws(() => new URLPattern(...it.pattern));
    const pattern = new URLPattern(...it.pattern);
    for (const part of COMPONENTS) {
      if (it.expected_obj?.[part] !== undefined) same(pattern[part], it.expected_obj[part], part);
    }
    if (it.inputs === undefined) return;
    if (it.expected_match === "error") {
      throws(() => pattern.test(...it.inputs));
      return throws(() => pattern.exec(...it.inputs));
    }
    same(pattern.test(...it.inputs), it.expected_match !== null, "test");
    const given = pattern.exec(...it.inputs);
    if (it.expected_match === null) return same(given, null, "exec");
    same(given.inputs, it.expected_match.inputs ?? it.inputs, "inputs");
    const exact: string[] = it.exactly_empty_components ?? [];
    for (const part of COMPONENTS) {
      let wanted = it.expected_match[part];
      if (wanted === undefined) wanted = { input: "", groups: exact.includes(part) ? {} : { 0: "" } };
      const groups = Object.fromEntries(
        Object.entries(wanted.groups).map(([name, value]) => [name, value === null ? undefined : value]),
      );
      same(given[part], { input: wanted.input, groups }, part);
    }
  }]);
}

function encodingCases(): Case[] {
  return (encodings as [string, string][]).map(([label, name]) => [label, () => {
    if (name === "replacement") return throws(() => new TextDecoder(label), "RangeError");
    for (const written of [label, label.toUpperCase(), `\t\n ${label}\r\f`]) {
      same(new TextDecoder(written).encoding, name, written);
    }
    throws(() => new TextDecoder(`${label}\u0000`), "RangeError");
    // ASCII is ASCII in all but UTF-16; a decoder that is told to be strict takes it.
    const bytes = new TextEncoder().encode("Abc");
    const given = new TextDecoder(label, { fatal: true }).decode(name.startsWith("utf-16") ? Uint8Array.of(0x41, 0) : bytes);
    const wanted = name === "utf-16le" ? "A" : name === "utf-16be" ? "\u4100" : name === "x-user-defined" ? "Abc" : "Abc";
    same(given, wanted, "ASCII");
  }]);
}

function base64Cases(): Case[] {
  return (base64 as [string, number[] | null][]).map(([text, bytes]) => [JSON.stringify(text), () => {
    if (bytes === null) return throws(() => atob(text), "InvalidCharacterError");
    const given = atob(text);
    same([...given].map((letter) => letter.charCodeAt(0)), bytes, "atob");
    same(atob(btoa(given)), given, "btoa");
  }]);
}

function dataUrlCases(): Case[] {
  return (dataUrls as [string, string | null, number[]?][]).map(([url, type, bytes]) => [url, async () => {
    if (type === null) {
      const outcome = await fetch(url).then(() => "fetched", (error) => error.name);
      return same(outcome, "TypeError", "the outcome");
    }
    const response = await fetch(url);
    same(response.headers.get("content-type"), type, "type");
    same([...new Uint8Array(await response.arrayBuffer())], bytes, "body");
  }]);
}

export default party({
  url: () => count(urlCases()),
  "url-setters": () => count(setterCases()),
  urlpattern: () => count(patternCases()),
  "encoding-labels": () => count(encodingCases()),
  base64: () => count(base64Cases()),
  "data-urls": () => count(dataUrlCases()),
});
