//! When a failed attempt is tried again.

use std::time::Duration;

use crate::config::RetryConfig;

impl RetryConfig {
    /// A random wait before the try after `failures` failures (from 1): exponential with full jitter.
    #[must_use]
    pub fn wait(&self, failures: u32) -> Duration {
        let doubled = 2u32.saturating_pow(failures.saturating_sub(1));
        let longest = self.initial_backoff.saturating_mul(doubled).min(self.max_backoff);
        longest.mul_f64(rand::random::<f64>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_random_below_a_growing_bound() {
        let policy = RetryConfig {
            max_attempts: 3,
            initial_backoff: Duration::from_secs(1),
            max_backoff: Duration::from_secs(5),
            max_rescues: 3,
        };
        for (failures, bound) in [(1, 1), (2, 2), (3, 4), (4, 5), (40, 5)] {
            let waits: Vec<_> = (0..200).map(|_| policy.wait(failures)).collect();
            let bound = Duration::from_secs(bound);
            assert!(waits.iter().all(|w| *w <= bound));
            assert!(waits.iter().any(|w| *w > bound / 2) && waits.iter().any(|w| *w < bound / 2));
        }
    }
}
