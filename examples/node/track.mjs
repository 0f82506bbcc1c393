// Hands conversions to the workers from Node.js 20 or later; no packages, no Celery.
//
//   import { track } from "./track.mjs";
//   const eventId = await track({ event: "Lead", page: { url: "https://shop.example/" } });
//
// Or one JSON event a line, the ids on standard output:
//
//   node track.mjs < events.ndjson
//
// The message is the one of docs/how-to/other-languages.md. E-mail addresses and external ids are
// hashed here; a raw phone number stands in Redis until a worker has read it.

import { createHash, randomUUID } from "node:crypto";
import * as net from "node:net";
import { createInterface } from "node:readline";
import * as tls from "node:tls";
import { pathToFileURL } from "node:url";

const QUEUE = "tiktok_events";
const LIST = `tiktok_events:celery:${QUEUE}`;
const TIMEOUT_MS = 2_000;
const DIGEST = /^[0-9a-f]{64}$/i;
const PREPARED = { email: (text) => text.trim().toLowerCase(), external_id: (text) => text.trim() };

// Returns the event_id; give the same one to the Pixel. After an error call again with the
// event_id of the first call: what arrives twice is counted once.
export async function track(event, redisUrl = process.env.TIKTOK_EVENTS_REDIS_URL) {
  const identified = {
    ...event,
    event_id: event.event_id || randomUUID(),
    event_time: event.event_time ?? Math.floor(Date.now() / 1000),
    ...(event.user && { user: hashed(event.user) }),
  };
  await push(new URL(redisUrl ?? "redis://127.0.0.1:6379/0"), message(identified));
  return String(identified.event_id);
}

export function message(event) {
  const id = randomUUID();
  return JSON.stringify({
    body: Buffer.from(JSON.stringify([[event], {}, {}])).toString("base64"),
    "content-encoding": "utf-8",
    "content-type": "application/json",
    headers: { lang: "js", task: "tiktok_events.track", id, root_id: id },
    properties: {
      correlation_id: id,
      delivery_mode: 2,
      delivery_info: { exchange: "", routing_key: QUEUE },
      priority: 0,
      body_encoding: "base64",
      delivery_tag: id,
    },
  });
}

function hashed(user) {
  const entries = Object.entries(user).map(([key, value]) => {
    if (!(key in PREPARED)) return [key, value];
    return [key, Array.isArray(value) ? value.map((one) => digest(key, one)) : digest(key, value)];
  });
  return Object.fromEntries(entries);
}

function digest(key, value) {
  if (typeof value !== "string" || DIGEST.test(value.trim())) return value;
  const prepared = PREPARED[key](value);
  return prepared && createHash("sha256").update(prepared).digest("hex");
}

// One LPUSH. Redis has the event when its answer is a number; an error of it is thrown.
async function push(url, text) {
  const commands = [["LPUSH", LIST, text]];
  const database = url.pathname.slice(1);
  if (database) commands.unshift(["SELECT", database]);
  if (url.password) {
    const names = url.username ? [decodeURIComponent(url.username)] : [];
    commands.unshift(["AUTH", ...names, decodeURIComponent(url.password)]);
  }
  const socket = open(url);
  try {
    socket.write(commands.map(encoded).join(""));
    await accepted(socket, commands.length);
  } finally {
    socket.destroy();
  }
}

function open(url) {
  const { connect } = url.protocol === "rediss:" ? tls : net;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const servername = net.isIP(host) ? undefined : host;
  const socket = connect({ host, port: Number(url.port || 6379), servername });
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error("Redis did not answer in time")));
  return socket.setEncoding("utf8");
}

// RESP, the protocol of Redis: https://redis.io/docs/latest/develop/reference/protocol-spec/
function encoded(words) {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return `*${words.length}\r\n${parts.join("")}`;
}

// Each of these commands is answered in one line.
async function accepted(socket, count) {
  let answer = "";
  for await (const chunk of socket) {
    answer += chunk;
    const lines = answer.split("\r\n").slice(0, -1);
    const refusal = lines.find((line) => line.startsWith("-"));
    if (refusal) throw new Error(`Redis: ${refusal.slice(1)}`);
    if (lines.length >= count) return;
  }
  throw new Error("Redis closed the connection");
}

async function main() {
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim()) console.log(await track(parsed(line)));
  }
}

// The parser's own message would repeat a piece of the line, and it may be personal.
function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    throw new Error("a line is not JSON");
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await main().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
