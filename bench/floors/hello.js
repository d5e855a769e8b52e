// The minimum that a worker can do.
export default {
  fetch() {
    return new Response("hello");
  },
};
