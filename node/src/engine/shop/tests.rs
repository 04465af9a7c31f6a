//! A seller with a store in memory: shops, listings, and imports that are taken whole or not at all.
