// One client of @stomp/stompjs, led by the test: reads one JSON command a line, writes one JSON event a line.
import { createInterface } from "node:readline";
import { Client } from "@stomp/stompjs";
import WebSocket from "ws";

const tell = (event, more = {}) => console.log(JSON.stringify({ event, ...more }));
const received = [];
let client, transaction;

const commands = {
  connect({ url, upgrade = {}, headers = {}, options = {} }) {
    client = new Client({
      webSocketFactory: () => new WebSocket(url, client.stompVersions.protocolVersions(), { headers: upgrade }),
      connectHeaders: headers,
      reconnectDelay: 0,
      onConnect: (frame) => tell("connected", { headers: frame.headers }),
      onStompError: (frame) => tell("error", { headers: frame.headers, body: frame.body }),
      onWebSocketClose: ({ code, reason }) => tell("closed", { code, reason: String(reason) }),
      ...options,
    });
    client.activate();
  },
  subscribe({ destination, headers = {} }) {
    client.watchForReceipt("subscribed", () => tell("subscribed"));
    client.subscribe(
      destination,
      (message) => {
        const base64 = Buffer.from(message.binaryBody).toString("base64");
        tell("message", { index: received.push(message) - 1, headers: message.headers, body: message.body, base64 });
      },
      { ...headers, receipt: "subscribed" },
    );
  },
  publish({ destination, body, base64, headers = {} }) {
    client.watchForReceipt("published", () => tell("published"));
    const binaryBody = base64 === undefined ? undefined : new Uint8Array(Buffer.from(base64, "base64"));
    client.publish({ destination, body, binaryBody, headers: { ...headers, receipt: "published" } });
  },
  begin: () => (transaction = client.begin()),
  send: ({ destination, body }) => client.publish({ destination, body, headers: { transaction: transaction.id } }),
  commit: () => transaction.commit(),
  abort: () => transaction.abort(),
  ack: ({ index }) => received[index].ack(),
  nack: ({ index }) => received[index].nack(),
  // The connection is lost; with a reconnectDelay the client comes back by itself.
  drop: () => client.forceDisconnect(),
  leave: () => client.deactivate().then(() => tell("left")),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: command, ...more } = JSON.parse(line);
  commands[command](more);
}
process.exit();
