/* A module that is wrong on purpose: what watches the memory must report each of its faults. */

#include <stddef.h>
#include <stdlib.h>

/* What it takes of Node-API, so that no header of Node.js has to be here. */
typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
typedef struct napi_callback_info__ *napi_callback_info;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);
int napi_get_cb_info(napi_env, napi_callback_info, size_t *, napi_value *, napi_value *, void **);
int napi_get_buffer_info(napi_env, napi_value, void **, size_t *);
int napi_create_function(napi_env, const char *, size_t, napi_callback, void *, napi_value *);
int napi_set_named_property(napi_env, napi_value, const char *, napi_value);

struct bytes {
  volatile unsigned char *data;
  size_t length;
};

static struct bytes argument(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value value;
  void *data;
  struct bytes bytes;
  napi_get_cb_info(env, info, &count, &value, NULL, NULL);
  napi_get_buffer_info(env, value, &data, &bytes.length);
  bytes.data = data;
  return bytes;
}

/* Writes one byte behind a buffer of JavaScript's. */
static napi_value overrun(napi_env env, napi_callback_info info) {
  struct bytes bytes = argument(env, info);
  bytes.data[bytes.length] = 1;
  return NULL;
}

/* Reads one byte behind it. */
static napi_value overread(napi_env env, napi_callback_info info) {
  struct bytes bytes = argument(env, info);
  bytes.data[0] = bytes.data[bytes.length];
  return NULL;
}

/* Writes to memory that it has given back. */
static napi_value after_free(napi_env env, napi_callback_info info) {
  struct bytes bytes = argument(env, info);
  volatile unsigned char *own = malloc(bytes.length);
  free((void *)own);
  own[0] = 1;
  return NULL;
}

/* Decides by a byte that nobody has written. */
static napi_value uninitialised(napi_env env, napi_callback_info info) {
  struct bytes bytes = argument(env, info);
  volatile unsigned char *own = malloc(bytes.length);
  if (own[0] == 7) bytes.data[0] = 1;
  free((void *)own);
  return NULL;
}

/* Forgets memory. */
static napi_value leak(napi_env env, napi_callback_info info) {
  struct bytes bytes = argument(env, info);
  volatile unsigned char *own = malloc(bytes.length);
  own[0] = bytes.data[0];
  return NULL;
}

static void export(napi_env env, napi_value exports, const char *name, napi_callback call) {
  napi_value function;
  napi_create_function(env, name, (size_t)-1, call, NULL, &function);
  napi_set_named_property(env, exports, name, function);
}

napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  export(env, exports, "overrun", overrun);
  export(env, exports, "overread", overread);
  export(env, exports, "afterFree", after_free);
  export(env, exports, "uninitialised", uninitialised);
  export(env, exports, "leak", leak);
  return exports;
}
