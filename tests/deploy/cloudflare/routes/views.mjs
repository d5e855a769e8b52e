// Bindings, versions and deployments as the API returns them.

// The text of a secret is never shown.
export function bindingView(binding) {
  const { text, ...rest } = binding;
  return binding.type === "secret_text" ? rest : binding;
}

const AUTHOR = { author_id: "00000000000000000000000000000000", author_email: "operator@example.com" };

// A worker that implements Durable Objects gets no preview URLs.
export const versionView = ({ id, number, createdOn, source, annotations, bindings }) => ({
  id, number, annotations,
  metadata: {
    ...AUTHOR, created_on: createdOn, modified_on: createdOn, source,
    has_preview: !bindings.some(({ type }) => type === "durable_object_namespace"),
  },
});

export const versionDetail = (version) => ({
  ...versionView(version),
  resources: {
    script: { etag: version.etag, handlers: ["fetch"], last_deployed_from: version.source },
    script_runtime: {
      compatibility_date: version.date, compatibility_flags: version.flags, usage_model: "standard",
      ...(version.migrationTag !== undefined && { migration_tag: version.migrationTag }),
    },
    bindings: version.bindings.map(bindingView),
  },
});

export const deploymentView = (deployment) => ({ ...deployment, author_email: AUTHOR.author_email });
