// An unlimited store in memory. The store that comes with oidc-provider keeps only the last thousand entries.
const entries = new Map();
const grants = new Map();

export class MemoryStore {
  #model;
  constructor(model) {
    this.#model = model;
  }
  #key(id) {
    return `${this.#model}:${id}`;
  }
  async upsert(id, payload) {
    const key = this.#key(id);
    entries.set(key, payload);
    if (payload.userCode) entries.set(`userCode:${payload.userCode}`, key);
    if (payload.uid) entries.set(`uid:${payload.uid}`, key);
    if (payload.grantId) grants.set(payload.grantId, [...(grants.get(payload.grantId) ?? []), key]);
  }
  async find(id) {
    return entries.get(this.#key(id));
  }
  async findByUserCode(userCode) {
    return entries.get(entries.get(`userCode:${userCode}`));
  }
  async findByUid(uid) {
    return entries.get(entries.get(`uid:${uid}`));
  }
  async consume(id) {
    entries.get(this.#key(id)).consumed = Math.floor(Date.now() / 1000);
  }
  async destroy(id) {
    entries.delete(this.#key(id));
  }
  async revokeByGrantId(grantId) {
    for (const key of grants.get(grantId) ?? []) entries.delete(key);
    grants.delete(grantId);
  }
}
