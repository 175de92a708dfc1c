import { Socket } from "node:net";

/**
 * Sends what is written in one turn of the event loop in one call of the system: pipelined
 * statements are small and many, and each would be one.
 */
export class GatheringSocket extends Socket {
  #gathering = false;

  override cork(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    super.cork();
    process.nextTick(() => {
      this.#gathering = false;
      super.uncork();
    });
  }

  override uncork(): void {}
}
