/** Holds back whoever passes while it is shut. */
export class Gate {
  #shut = false;
  readonly #waiting: (() => void)[] = [];

  shut(): void {
    this.#shut = true;
  }

  open(): void {
    this.#shut = false;
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Resolves once the gate is open. */
  async passed(): Promise<void> {
    while (this.#shut) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
