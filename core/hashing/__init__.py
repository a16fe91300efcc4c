"""Binary hashing: `registry` lists the methods, one file each; `base` is their interface, `packing` their bits."""
