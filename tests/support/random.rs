//! A small seeded random number generator (xorshift64*), so that a failing run can be repeated from
//! its printed seed.

pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    /// The seed of the environment variable, or one from the clock. Printed, so that the run can be
    /// repeated.
    pub fn seed(variable: &str) -> u64 {
        let seed = match std::env::var(variable) {
            Ok(text) => text.parse().expect("the seed is a number"),
            Err(_) => std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .expect("the clock is past 1970")
                .subsec_nanos()
                .into(),
        };
        println!("{variable}={seed}");
        seed
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}
