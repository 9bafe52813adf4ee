// What comes from now on: a private queue, which is gone when this is.

import amqp from "amqplib";

const { AMQP_URL = "amqp://127.0.0.1:5672", EXCHANGE = "orders", EVENTYARD_KEY } = process.env;

const address = new URL(AMQP_URL);
address.username = "key";
address.password = EVENTYARD_KEY;

const connection = await amqp.connect(address.href);
const channel = await connection.createChannel();
const { queue } = await channel.assertQueue("", { exclusive: true });
await channel.bindQueue(queue, EXCHANGE, "#");
await channel.consume(queue, (message) => {
  if (message === null) return; // the queue was deleted
  const event = JSON.parse(message.content);
  console.log(`${message.fields.routingKey}: ${JSON.stringify(event.data ?? event)}`);
}, { noAck: true });
console.log(`waiting for ${EXCHANGE}; Ctrl-C ends`);

process.once("SIGINT", () => connection.close());
