//! A quick test for runs of characters, before their fingerprints are made: few pass that are not looked for.
//!
//! A run has a number that follows from the one before by a step, as in the search of Rabin and Karp. Each number that is looked
//! for sets one bit of a table, from which no run can be read back. Two runs of one number are as good as none: the numbers have
//! 64 bits, and each process makes them in another way.

use std::hash::{BuildHasher as _, RandomState};

/// A number has a place in a table of 2 to this power bits.
const TABLE: u32 = 20;

/// Spreads the numbers over the table: 2^64 divided by the golden ratio.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// The runs that may pass.
#[derive(Debug)]
pub(super) struct Sieve {
    /// What a number is multiplied by at each step; another one in each process.
    factor: u64,
    table: Vec<u64>,
}

impl Default for Sieve {
    fn default() -> Self {
        let factor = RandomState::new().hash_one(TABLE) | 1;
        Self { factor, table: vec![0; 1 << (TABLE - u64::BITS.ilog2())] }
    }
}

impl Sieve {
    /// Lets every run of a length in a text pass from now on; returns their numbers.
    pub(super) fn add(&mut self, text: &[char], length: usize) -> Vec<u64> {
        let added: Vec<_> = self.numbers(text, length).collect();
        for number in &added {
            let (word, bit) = place(*number);
            self.table[word] |= bit;
        }
        added
    }

    /// The numbers of all runs of a length, in their order.
    pub(super) fn numbers(&self, text: &[char], length: usize) -> impl Iterator<Item = u64> {
        numbers(self.factor, text, length)
    }

    /// The runs of a length in a text that may be some that were added, all that were among them: where each begins, and its
    /// number.
    pub(super) fn runs(&self, text: &[char], length: usize) -> impl Iterator<Item = (usize, u64)> {
        self.numbers(text, length).enumerate().filter(|(_, number)| {
            let (word, bit) = place(*number);
            self.table[word] & bit != 0
        })
    }
}

fn numbers(factor: u64, text: &[char], length: usize) -> impl Iterator<Item = u64> {
    let leaving = (0..length).fold(1_u64, |power, _| power.wrapping_mul(factor));
    let mut number = 0_u64;
    text.iter().enumerate().filter_map(move |(at, entering)| {
        number = number.wrapping_mul(factor).wrapping_add(u64::from(*entering));
        if let Some(left) = at.checked_sub(length) {
            number = number.wrapping_sub(u64::from(text[left]).wrapping_mul(leaving));
        }
        (at + 1 >= length).then_some(number)
    })
}

/// The place of a number in the table: the word, and the bit in it.
fn place(number: u64) -> (usize, u64) {
    let place = number.wrapping_mul(SPREAD) >> (u64::BITS - TABLE);
    let word = usize::try_from(place >> u64::BITS.ilog2()).unwrap_or_default();
    (word, 1 << (place % u64::from(u64::BITS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_passes_and_little_else() {
        let digit = |n: u32| {
            let mixed = n.wrapping_mul(0x9E37_79B1);
            char::from_digit((mixed ^ mixed >> 15).wrapping_mul(0x85EB_CA77) >> 27, 32).unwrap()
        };
        let text = |range: std::ops::Range<u32>| range.map(digit).collect::<Vec<_>>();
        let (added, other) = (text(0..5000), text(5000..10_000));
        let mut sieve = Sieve::default();
        assert_eq!(sieve.runs(&added, 12).count(), 0);
        let numbers = sieve.add(&added, 12);
        assert!(sieve.runs(&added, 12).eq(numbers.into_iter().enumerate()));
        assert_eq!(sieve.runs(&added, 12).count(), 5000 - 11);
        let within = [&other[..100], &added[700..712], &other[100..]].concat();
        let number = sieve.numbers(&added[700..712], 12).next().unwrap();
        assert!(sieve.runs(&within, 12).any(|run| run == (100, number)));
        assert!(sieve.runs(&other, 12).count() < 200);
        assert_eq!(sieve.runs(&added[..11], 12).count(), 0);
    }
}
