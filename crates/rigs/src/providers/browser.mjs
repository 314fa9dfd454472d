// A browser without a screen: it opens each line of standard input, follows redirects, keeps cookies, and submits the forms
// of a page. It prints the status and the host of the last page.

import { once } from 'node:events';
import { request } from 'node:http';
import { createInterface } from 'node:readline';

// The cookies of each host, by name.
const jar = new Map();

function cookies(url) {
  return jar.get(url.host) ?? jar.set(url.host, new Map()).get(url.host);
}

// `fetch` would say that a script makes the request, and not a navigation.
async function load(url, { method = 'GET', headers = {}, body = '' } = {}) {
  const own = cookies(url);
  const cookie = [...own].map(([name, value]) => `${name}=${value}`).join('; ');
  const navigation = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  const sent = request(url, { method, headers: { ...headers, ...navigation, ...(cookie && { cookie }) }, agent: false });
  sent.end(body);
  const [response] = await once(sent, 'response');
  for (const cookie of response.headers['set-cookie'] ?? []) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
    if (value) own.set(name, value);
    else own.delete(name);
  }
  let page = '';
  for await (const part of response.setEncoding('utf8')) page += part;
  return { status: response.statusCode, location: response.headers.location, page, host: url.host };
}

function unescape(text) {
  return text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

function attribute(tag, name) {
  const found = new RegExp(`\\b${name}\\s*=\\s*"([^"]*)"`, 'i').exec(tag) ?? new RegExp(`\\b${name}\\s*=\\s*'([^']*)'`, 'i').exec(tag);
  return found && unescape(found[1]);
}

// What a person types.
const typed = { sub: 'ada' };

// The first form of the page, filled in.
function form(page, url) {
  const found = /<form\b[^>]*>([\s\S]*?)<\/form>/i.exec(page);
  if (!found || attribute(found[0], 'method')?.toLowerCase() !== 'post') return undefined;
  const fields = new URLSearchParams();
  for (const [tag] of found[0].matchAll(/<(?:input|button)\b[^>]*>/gi)) {
    const name = attribute(tag, 'name');
    if (name) fields.set(name, typed[name] ?? attribute(tag, 'value') ?? '');
  }
  return { url: new URL(attribute(found[0], 'action') || url, url), fields };
}

// Opens a page and does what it asks for, until there is nothing left to do.
async function open(address) {
  let url = new URL(address);
  let response = await load(url);
  for (let step = 0; step < 20; step += 1) {
    if (response.location) {
      url = new URL(response.location, url);
      response = await load(url);
      continue;
    }
    const next = form(response.page, url);
    if (!next) return response;
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: url.origin };
    url = next.url;
    response = await load(url, { method: 'POST', body: next.fields.toString(), headers });
  }
  throw new Error(`too many steps at ${url}`);
}

for await (const line of createInterface({ input: process.stdin })) {
  const last = await open(line.trim()).catch((error) => ({ status: String(error) }));
  console.log(JSON.stringify({ status: last.status, host: last.host }));
}
