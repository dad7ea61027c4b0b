/** Where the boot pack of the master behind an image is kept until it is used up: beside the image. */
export function packFileOf(imagePath: string): string {
  return `${imagePath}.pack`;
}
