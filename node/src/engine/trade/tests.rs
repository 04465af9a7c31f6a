//! Two neighbours with stores in memory: what a seller and a buyer do, and what the other side makes of it.
