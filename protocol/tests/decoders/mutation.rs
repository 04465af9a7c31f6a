//! Bytes that are nearly right: flips, splices, changed lengths and cuts of what a decoder takes. All of it follows from a seed.

/// Numbers that follow from a seed (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// The next number.
    pub(crate) const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one.
    pub(crate) fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.roll() % (most.max(1) as u64)).expect("below a usize")
    }
}

/// Heads that readers of this encoding stumble over: other types, endless lengths, tags, floats.
const HEADS: [u8; 16] = [0x00, 0x18, 0x1b, 0x20, 0x3b, 0x40, 0x5b, 0x5f, 0x60, 0x7b, 0x80, 0x9b, 0x9f, 0xa0, 0xbb, 0xf6];
/// The most bytes that one insertion adds.
const PIECE: usize = 64;

/// One of the inputs, changed one to four times; parts of the others may come in.
pub(crate) fn mutate(inputs: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = inputs[dice.below(inputs.len())].clone();
    for _ in 0..=dice.below(4) {
        change(&mut bytes, inputs, dice);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, inputs: &[Vec<u8>], dice: &mut Dice) {
    let size = bytes.len();
    let (one, two) = (dice.below(size + 1), dice.below(size + 1));
    let (from, to) = (one.min(two), one.max(two));
    let place = dice.below(size);
    match dice.below(10) {
        0 if size > 0 => bytes[place] ^= 1 << dice.below(8),
        1 if size > 0 => bytes[place] = u8::try_from(dice.below(256)).expect("a byte"),
        2 if size > 0 => bytes[place] = HEADS[dice.below(HEADS.len())],
        3 if size > 0 => {
            // A head next to what it was: another length, one item more or less.
            let step = [1, 0xff, 2, 0xfe][dice.below(4)];
            bytes[place] = bytes[place].wrapping_add(step);
        }
        4 => bytes.truncate(from),
        5 => {
            bytes.drain(from..to.min(from + PIECE));
        }
        6 => {
            let piece: Vec<u8> = bytes[from..to.min(from + PIECE)].to_vec();
            bytes.splice(from..from, piece);
        }
        7 => {
            let other = &inputs[dice.below(inputs.len())];
            let start = dice.below(other.len() + 1);
            let piece: Vec<u8> = other[start..other.len().min(start + PIECE)].to_vec();
            let end = size.min(from + piece.len());
            bytes.splice(from..end, piece);
        }
        8 => {
            let other = &inputs[dice.below(inputs.len())];
            let start = dice.below(other.len() + 1);
            bytes.truncate(from);
            bytes.extend_from_slice(&other[start..]);
        }
        _ => {
            let piece: Vec<u8> = (0..dice.below(9)).map(|_| HEADS[dice.below(HEADS.len())]).collect();
            bytes.splice(from..from, piece);
        }
    }
}
