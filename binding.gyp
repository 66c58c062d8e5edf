{
  "variables": {
    # Sanitizers for the development builds: address, undefined, or both with a comma.
    "jail_sanitize%": ""
  },
  "target_defaults": {
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fno-rtti"],
    "cflags_cc": [
      "-std=c++20", "-Wall", "-Wextra", "-fvisibility=hidden", "-fstack-protector-strong",
      # GCC 12 sees overlaps in std::string that are not there (its bug 105651); clang does not know that warning.
      "-Wno-restrict", "-Wno-unknown-warning-option"
    ],
    "xcode_settings": {
      "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
      "CLANG_CXX_LIBRARY": "libc++",
      "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
      "MACOSX_DEPLOYMENT_TARGET": "11.0"
    },
    "conditions": [
      ["jail_sanitize!=''", {
        "cflags_cc": ["-fsanitize=<(jail_sanitize)", "-g", "-O1", "-fno-omit-frame-pointer"],
        "ldflags": ["-fsanitize=<(jail_sanitize)"]
      }],
      # prebuildify's --strip does nothing on FreeBSD, so the linker does it everywhere.
      ["OS!='mac' and jail_sanitize==''", {
        "ldflags": ["-Wl,-s"]
      }]
    ]
  },
  "targets": [
    {
      "target_name": "bsdjail",
      "dependencies": ["<!(node -p \"require('node-addon-api').targets\"):node_addon_api_except_all"],
      "defines": [
        "NAPI_VERSION=8",
        "NODE_ADDON_API_DISABLE_DEPRECATED",
        # A worker that is being terminated must not take the process with it.
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
      ],
      "sources": ["<!@(node scripts/sources.cjs addon <(OS))"]
    },
    {
      "target_name": "jail-exec",
      "type": "executable",
      "sources": ["<!@(node scripts/sources.cjs jail-exec <(OS))"],
      "cflags_cc!": ["-fno-exceptions"],
      "conditions": [
        # It starts for every command: what is looked up at run time is looked up each time.
        ["OS=='linux' and jail_sanitize==''", {
          "ldflags": ["-static-libgcc", "-static-libstdc++"]
        }],
        ["OS=='freebsd'", {
          "libraries": ["-lutil"]
        }],
        ["OS=='mac'", {
          "xcode_settings": { "GCC_ENABLE_CPP_EXCEPTIONS": "YES" }
        }]
      ]
    },
    {
      "target_name": "mount-helper",
      "type": "executable",
      "sources": ["<!@(node scripts/sources.cjs mount-helper <(OS))"],
      "cflags_cc!": ["-fno-exceptions"],
      "conditions": [
        ["OS=='freebsd'", {
          "libraries": ["-lutil"]
        }],
        ["OS=='mac'", {
          "xcode_settings": { "GCC_ENABLE_CPP_EXCEPTIONS": "YES" }
        }]
      ]
    }
  ]
}
