// Finds what a function imports in the folders of NODE_PATH, when it is nowhere above the file that imports it.

let folders = [];

// `data`: the folders, as URLs.
export const initialize = (data) => (folders = data);

export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (missing) {
    if (missing.code !== "ERR_MODULE_NOT_FOUND" || /^[./]|^\w[\w+.-]*:/.test(specifier)) throw missing;
    for (const folder of folders) {
      // Node.js looks in the folder node_modules beside whatever imports.
      const found = await next(specifier, { ...context, parentURL: folder }).catch(unlessMissing);
      if (found) return found;
    }
    throw missing;
  }
}

function unlessMissing(error) {
  if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
}
