// Signs a body with the library of whoever sends such webhooks: {library, secret, id, seconds, body} on stdin,
// the headers of the request as JSON on stdout.
import { readFileSync } from "node:fs";
import { sign } from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";

const { library, secret, id, seconds, body } = JSON.parse(readFileSync(0, "utf8"));

const headers = {
  github: async () => ({ "x-hub-signature-256": await sign(secret, body) }),
  stripe: async () => ({
    "stripe-signature": Stripe.webhooks.generateTestHeaderString({ payload: body, secret, timestamp: seconds }),
  }),
  "standard-webhooks": async () => ({
    "webhook-id": id,
    "webhook-timestamp": String(seconds),
    "webhook-signature": new Webhook(secret).sign(id, new Date(seconds * 1000), body),
  }),
};

process.stdout.write(JSON.stringify(await headers[library]()));
