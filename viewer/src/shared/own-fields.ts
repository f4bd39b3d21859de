/** Copies options, without inherited ones: any code may have added them to `Object.prototype`. */
export function ownFields<Options extends object>(options: Options): Options {
  return Object.assign(Object.create(null), options);
}
