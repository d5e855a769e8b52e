// @openauthjs/openauth with KV, set up for Workers as its documentation says, with a provider that signs everyone in.
import { issuer } from "@openauthjs/openauth";
import { CloudflareStorage } from "@openauthjs/openauth/storage/cloudflare";
import { createSubjects } from "@openauthjs/openauth/subject";

const text = { "~standard": { version: 1, vendor: "bench", validate: (value) => ({ value }) } };
const subjects = createSubjects({ user: text });
const nobodyAsked = {
  type: "bench",
  init: (routes, ctx) => routes.get("/authorize", (c) => ctx.success(c, { id: crypto.randomUUID() })),
};

let app;
export default {
  fetch(request, env, ctx) {
    app ??= issuer({
      storage: CloudflareStorage({ namespace: env.KV }),
      subjects,
      providers: { bench: nobodyAsked },
      allow: async () => true,
      success: (context, value) => context.subject("user", { id: value.id }),
    });
    return app.fetch(request, env, ctx);
  },
};
