// Plays one scene on a hub with amqplib: {url, scene} on stdin, what was seen as JSON on stdout.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import amqp from "amqplib";

const { url, scene } = JSON.parse(readFileSync(0, "utf8"));
const connection = await amqp.connect(url);
connection.on("error", () => {});

/** The next messages of a queue, acknowledged. */
async function take(channel, queue, number, options = {}) {
  const found = [];
  let done;
  const all = new Promise((resolve) => { done = resolve; });
  const { consumerTag } = await channel.consume(queue, (message) => {
    if (!options.noAck) channel.ack(message);
    if (found.push(message) === number) done();
  }, options);
  await all;
  await channel.cancel(consumerTag);
  return found;
}

const texts = (messages) => messages.map((message) => message.content.toString());

/** What becomes of a channel on which something is refused. */
async function refused(action) {
  const channel = await connection.createChannel();
  const ended = once(channel, "error");
  action(channel).catch(() => {});
  const [{ code, classId, methodId }] = await ended;
  return [code, classId, methodId];
}

const scenes = {
  async routing() {
    const channel = await connection.createConfirmChannel();
    const seen = {};
    await channel.assertExchange("node.lost", "fanout");
    await channel.assertExchange("node.in", "direct", { alternateExchange: "node.lost" });
    for (const [type, pattern, args] of [
      ["direct", "a.b"], ["fanout", ""], ["topic", "a.*"], ["headers", "", { "x-match": "all", kind: "car" }],
    ]) {
      const exchange = `node.${type}`;
      await channel.assertExchange(exchange, type);
      await channel.bindExchange(exchange, "node.in", "a.b");
      const { queue } = await channel.assertQueue("", { exclusive: true });
      await channel.bindQueue(queue, exchange, pattern, args);
      seen[type] = queue;
    }
    const { queue: lost } = await channel.assertQueue("", { exclusive: true });
    await channel.bindQueue(lost, "node.lost", "");
    channel.publish("node.in", "a.b", Buffer.from("found"), { headers: { kind: "car" } });
    channel.publish("node.in", "c", Buffer.from("lost"));
    await channel.waitForConfirms();
    for (const type of Object.keys(seen)) seen[type] = texts(await take(channel, seen[type], 1));
    return { ...seen, lost: texts(await take(channel, lost, 1)) };
  },

  async properties() {
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue("", { exclusive: true });
    const sent = {
      contentType: "text/plain", contentEncoding: "gzip", deliveryMode: 2, priority: 3, correlationId: "c",
      replyTo: "r", expiration: "600000", messageId: "m", timestamp: 1_700_000_000, type: "t", appId: "a",
      headers: { text: "ü", number: -5, long: 5_000_000_000, yes: true, list: [1, "two"], table: { deep: null } },
    };
    channel.sendToQueue(queue, Buffer.from([0, 255, 10]), sent);
    const [{ content, properties, fields }] = await take(channel, queue, 1, { noAck: true });
    const kept = Object.fromEntries(Object.keys(sent).map((name) => [name, properties[name]]));
    return { same: JSON.stringify(kept) === JSON.stringify(sent), kept, content: [...content], fields };
  },

  async confirms() {
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue("", { exclusive: true });
    const order = [];
    channel.on("return", ({ fields }) => order.push(`returned ${fields.replyCode}`));
    const confirmed = (name) => (error) => order.push(error ? `${name} refused` : `${name} confirmed`);
    channel.publish("amq.direct", "nowhere", Buffer.from("x"), { mandatory: true }, confirmed("unroutable"));
    await channel.waitForConfirms();
    for (let number = 0; number < 1000; number += 1) channel.sendToQueue(queue, Buffer.from(String(number)));
    await channel.waitForConfirms();
    const { messageCount } = await channel.checkQueue(queue);
    return { order, messageCount, inOrder: texts(await take(channel, queue, 1000)).every((text, at) => text === String(at)) };
  },

  async acknowledgements() {
    const channel = await connection.createChannel();
    const { queue: grave } = await channel.assertQueue("", { exclusive: true });
    const { queue } = await channel.assertQueue("", {
      exclusive: true, deadLetterExchange: "", deadLetterRoutingKey: grave,
    });
    for (const text of ["1", "2", "3", "4"]) channel.sendToQueue(queue, Buffer.from(text));
    const got = [];
    for (const _ of [1, 2, 3]) got.push(await channel.get(queue));
    channel.nack(got[0], false, false);
    channel.reject(got[1], true);
    await channel.recover();
    const again = await take(channel, queue, 3);
    const [dead] = await take(channel, grave, 1);
    const [{ reason, count }] = dead.properties.headers["x-death"];
    return {
      again: again.map(({ content, fields }) => [content.toString(), fields.redelivered]),
      dead: [dead.content.toString(), reason, count], empty: await channel.get(queue),
    };
  },

  async prefetch() {
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue("", { exclusive: true });
    await channel.prefetch(2);
    for (let number = 0; number < 5; number += 1) channel.sendToQueue(queue, Buffer.from(String(number)));
    let held = 0, most = 0, seen = 0;
    await new Promise((resolve) => {
      channel.consume(queue, (message) => {
        held += 1; seen += 1; most = Math.max(most, held);
        setImmediate(() => { held -= 1; channel.ack(message); if (seen === 5 && held === 0) resolve(); });
      });
    });
    return { most, seen };
  },

  async replay() {
    const channel = await connection.createConfirmChannel();
    await channel.assertExchange("node.history", "topic");
    const { queue } = await channel.assertQueue("", { exclusive: true });
    await channel.bindQueue(queue, "node.history", "#");
    for (let number = 0; number < 20; number += 1) channel.publish("node.history", "k", Buffer.from(String(number)));
    await channel.waitForConfirms();
    const replay = { noAck: true, arguments: { "x-stream-offset": "first" } };
    const first = await take(channel, queue, 20, replay);
    replay.arguments["x-stream-offset"] = first[15].properties.headers["x-stream-offset"];
    return { first: texts(first).map(Number), from15: texts(await take(channel, queue, 5, replay)).map(Number) };
  },

  async refusals() {
    const owner = await connection.createChannel();
    const other = await amqp.connect(url);
    await (await other.createChannel()).assertQueue("node.locked", { exclusive: true });
    await owner.assertQueue("node.plain", { durable: false });
    const seen = {
      missing: await refused((channel) => channel.checkQueue("node.none")),
      locked: await refused((channel) => channel.checkQueue("node.locked")),
      different: await refused((channel) => channel.assertQueue("node.plain", { durable: true })),
      reserved: await refused((channel) => channel.assertExchange("amq.mine", "topic")),
    };
    await other.close();
    const told = new Promise((resolve) => { owner.consume("node.plain", resolve); });
    await (await connection.createChannel()).deleteQueue("node.plain");
    return { ...seen, cancelled: await told };
  },
};

process.stdout.write(JSON.stringify(await scenes[scene]()));
await connection.close();
