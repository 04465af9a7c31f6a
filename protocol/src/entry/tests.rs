//! What makes an entry, and what keeps bytes from being one.

use super::*;

fn draft(key: Option<KeyId>) -> Draft {
    Draft {
        header: Header {
            device: Keypair::from_seed(&[1; 32]).public(),
            space: SpaceId([2; 32]),
            log: 0,
            seq: 0,
            prev: None,
            kind: 33,
            flags: 0,
            lamport: 1,
            at: Millis(1_700_000_000_000),
            refs: vec![],
            key,
            payload_bytes: 0,
            payload_hash: None,
            extensions: BTreeMap::new(),
        },
        body: b"hello".to_vec(),
    }
}

fn signed(change: impl FnOnce(&mut Header)) -> Result<Entry, EntryError> {
    let mut draft = draft(None);
    change(&mut draft.header);
    draft.sign(&Keypair::from_seed(&[1; 32]), None, &[0; 32])
}

#[test]
fn a_signed_entry_verifies_and_opens() {
    let pair = Keypair::from_seed(&[1; 32]);
    let entry = draft(Some(KeyId([5; 32]))).sign(&pair, Some(&[6; 32]), &[7; 32]).expect("signs");
    let back = entry.raw().clone().verify().expect("verifies");
    assert_eq!(back, entry);
    assert_eq!(back.open(Some(&[6; 32])).expect("opens"), b"hello");
    assert!(back.open(Some(&[7; 32])).is_err());
    assert!(back.open(None).is_err());
    assert_eq!(back.raw().payload.as_ref().map(|p| p.len()), Some(256), "padded to a bucket");
}

#[test]
fn every_changed_byte_is_noticed() {
    let entry = signed(|_| ()).expect("signs");
    for at in 0..entry.raw().header.len() {
        let mut raw = entry.raw().clone();
        raw.header[at] ^= 1;
        assert!(raw.verify().is_err(), "header byte {at}");
    }
    let mut raw = entry.raw().clone();
    raw.sig.0[3] ^= 1;
    assert_eq!(raw.verify(), Err(EntryError::Signature));
    let mut raw = entry.raw().clone();
    raw.payload.as_mut().expect("there")[0] ^= 1;
    assert_eq!(raw.verify(), Err(EntryError::Payload));
    let mut raw = entry.raw().clone();
    raw.payload = None;
    assert!(raw.verify().is_ok(), "a payload may be gone");
}

#[test]
fn shapes_that_no_entry_has_are_refused() {
    assert!(signed(|h| h.seq = 1).is_err(), "a later entry without predecessor");
    assert!(signed(|h| h.prev = Some(EntryId([1; 32]))).is_err(), "a first entry with one");
    assert!(signed(|h| h.lamport = INTEGER_MAX).is_err());
    assert!(signed(|h| h.log = LOG_NUMBERS_MAX).is_err());
    assert!(signed(|h| h.refs = vec![EntryId([1; 32]); 2]).is_err(), "double");
    assert!(signed(|h| h.refs = vec![EntryId([2; 32]), EntryId([1; 32])]).is_err(), "unsorted");
    assert!(signed(|h| h.refs = (0..9).map(|i| EntryId([i; 32])).collect()).is_err(), "too many");
    assert!(signed(|h| h.extensions = (0..9).map(|i| (format!("x{i}"), ByteBuf::new())).collect()).is_err());
    assert!(signed(|h| h.extensions = [("x".to_owned(), ByteBuf::from(vec![0; 1024]))].into()).is_err(), "header too large");
}

#[test]
fn another_encoding_version_or_network_is_refused() {
    let good = signed(|_| ()).expect("signs").raw().header.clone();
    let resigned = |header: Vec<u8>| {
        let sig = Keypair::from_seed(&[1; 32]).sign(Label::Entry, &header);
        Unverified { header, sig, payload: None }.verify()
    };
    assert!(resigned(good.clone()).is_ok());
    let mut bytes = good.clone();
    bytes[1] = 1;
    assert_eq!(resigned(bytes), Err(EntryError::Version(1)));
    let mut bytes = good.clone();
    bytes[3] = b'H';
    assert_eq!(resigned(bytes), Err(EntryError::Network));
    let mut bytes = good.clone();
    bytes.push(0);
    assert!(matches!(resigned(bytes), Err(EntryError::Header(_))), "trailing byte");
    let mut bytes = vec![0x98, 0x10];
    bytes.extend_from_slice(&good[1..]);
    assert!(matches!(resigned(bytes), Err(EntryError::Header(_))), "a longer form of the array head");
    assert!(matches!(resigned(good[..good.len() - 1].to_vec()), Err(EntryError::Header(_))));
    assert!(matches!(resigned(vec![]), Err(EntryError::Header(_))));
}

#[test]
fn a_payload_cannot_move_to_another_place() {
    let pair = Keypair::from_seed(&[1; 32]);
    let one = draft(Some(KeyId([5; 32]))).sign(&pair, Some(&[6; 32]), &[7; 32]).expect("signs");
    let mut other = draft(Some(KeyId([5; 32])));
    other.header.space = SpaceId([3; 32]);
    let other = other.sign(&pair, Some(&[6; 32]), &[7; 32]).expect("signs");
    assert!(
        seal::decrypt(&entry_key(&[6; 32], other.header()), &other.header().bound(), one.raw().payload.as_ref().expect("there")).is_err()
    );
}
