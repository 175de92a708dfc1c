import { Socket } from "node:net";

/**
 * Collects the writes of one turn of the event loop into one system call. Each of many small
 * pipelined statements would otherwise need its own.
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
