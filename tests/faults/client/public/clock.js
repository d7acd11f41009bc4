/* This phone's clock, as wrong as its owner has set it, and its patience, shortened so that a hanging
   line costs a test two seconds instead of twenty; and whether it knows Background Sync. All of it outlives a reload, as on a real phone. */
(() => {
  const RightDate = Date;
  const wrongBy = () => Number(localStorage.getItem("wrongBy") ?? 0);
  globalThis.Date = class extends RightDate {
    constructor(...parts) {
      if (parts.length === 0) super(RightDate.now() + wrongBy());
      else super(...parts);
    }
    static now() {
      return RightDate.now() + wrongBy();
    }
  };
  // Safari and Firefox have none.
  if (localStorage.getItem("noSync"))
    delete ServiceWorkerRegistration.prototype.sync;
  const wait = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (ms) =>
    wait(ms / Number(localStorage.getItem("haste") ?? 1));
})();
