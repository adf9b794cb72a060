// Tables of texts: nested by the first word of the key.

/** Returns the texts by their whole keys. @param {Record<string, Record<string, string>>} nested
 * @returns {Record<string, string>} */
export function flat(nested) {
	return Object.fromEntries(Object.entries(nested).flatMap(([group, texts]) =>
		Object.entries(texts).map(([key, text]) => [`${group}.${key}`, text])));
}
