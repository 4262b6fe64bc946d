//! The three messages (MS-NLMP section 2.2.1), without any cryptography; every length and offset in them is checked.
//!
//! A field is a length, a second length that says nothing more (it is ignored, as MS-NLMP asks), and an offset from the
//! message's start.

use alloc::vec::Vec;

use crate::error::Reason;

const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";
/// Where the MIC is, where there is one: after the version.
const MIC_AT: usize = 72;
/// Where the names begin in a message with a MIC.
const AFTER_MIC: usize = 88;

/// `NegotiateFlags` (MS-NLMP section 2.2.2.5): those that are used here.
pub(super) mod flags {
    pub(crate) const UNICODE: u32 = 0x1;
    pub(crate) const OEM: u32 = 0x2;
    pub(crate) const REQUEST_TARGET: u32 = 0x4;
    pub(crate) const NTLM: u32 = 0x200;
    pub(crate) const ALWAYS_SIGN: u32 = 0x8000;
    pub(crate) const TARGET_TYPE_SERVER: u32 = 0x2_0000;
    pub(crate) const EXTENDED_SESSION_SECURITY: u32 = 0x8_0000;
    pub(crate) const TARGET_INFO: u32 = 0x80_0000;
}

/// `NEGOTIATE_MESSAGE`: of interest are its flags alone.
#[derive(Debug)]
pub(super) struct Negotiate {
    pub(super) flags: u32,
}

impl Negotiate {
    pub(super) fn parse(message: &[u8]) -> Result<Self, Reason> {
        let rest = body(message, 1, 16)?;
        Ok(Self { flags: u32_at(rest, 0) })
    }

    pub(super) fn to_octets(&self) -> Vec<u8> {
        let mut octets = head(1);
        octets.extend_from_slice(&self.flags.to_le_bytes());
        // Neither a domain nor a workstation.
        octets.extend_from_slice(&[0; 16]);
        octets
    }
}

/// `CHALLENGE_MESSAGE`
#[derive(Debug)]
pub(super) struct ServerChallenge<'a> {
    pub(super) flags: u32,
    pub(super) challenge: [u8; 8],
    pub(super) target_name: &'a [u8],
    /// Pairs; empty in the messages of old servers.
    pub(super) target_info: &'a [u8],
}

impl<'a> ServerChallenge<'a> {
    pub(super) fn parse(message: &'a [u8]) -> Result<Self, Reason> {
        let rest = body(message, 2, 32)?;
        let has_info = message.len() >= 48;
        Ok(Self {
            flags: u32_at(rest, 8),
            challenge: rest.get(12..20).and_then(|it| it.try_into().ok()).unwrap_or_default(),
            target_name: if has_info { field(message, 12, 32)? } else { &[] },
            target_info: if has_info { field(message, 40, 32)? } else { &[] },
        })
    }

    pub(super) fn to_octets(&self) -> Result<Vec<u8>, Reason> {
        let mut octets = head(2);
        let mut payload = Payload::after(48);
        octets.extend_from_slice(&payload.add(self.target_name)?);
        octets.extend_from_slice(&self.flags.to_le_bytes());
        octets.extend_from_slice(&self.challenge);
        octets.extend_from_slice(&[0; 8]);
        octets.extend_from_slice(&payload.add(self.target_info)?);
        octets.extend_from_slice(&payload.octets);
        Ok(octets)
    }
}

/// `AUTHENTICATE_MESSAGE`
#[derive(Debug)]
pub(super) struct Authenticate<'a> {
    pub(super) lm_response: &'a [u8],
    pub(super) nt_response: &'a [u8],
    pub(super) domain: &'a [u8],
    pub(super) user: &'a [u8],
    pub(super) workstation: &'a [u8],
    pub(super) flags: u32,
}

impl<'a> Authenticate<'a> {
    pub(super) fn parse(message: &'a [u8]) -> Result<Self, Reason> {
        let rest = body(message, 3, 64)?;
        let field = |at| field(message, at, 64);
        let it = Self {
            lm_response: field(12)?,
            nt_response: field(20)?,
            domain: field(28)?,
            user: field(36)?,
            workstation: field(44)?,
            flags: u32_at(rest, 48),
        };
        let _session_key = field(52)?;
        Ok(it)
    }

    /// The message, with room for a MIC where there will be one.
    pub(super) fn to_octets(&self, with_mic: bool) -> Result<Vec<u8>, Reason> {
        let mut octets = head(3);
        let mut payload = Payload::after(if with_mic { AFTER_MIC } else { 64 });
        for field in
            [self.lm_response, self.nt_response, self.domain, self.user, self.workstation, &[]]
        {
            octets.extend_from_slice(&payload.add(field)?);
        }
        octets.extend_from_slice(&self.flags.to_le_bytes());
        if with_mic {
            octets.resize(AFTER_MIC, 0);
        }
        octets.extend_from_slice(&payload.octets);
        Ok(octets)
    }
}

/// The MIC of an `AUTHENTICATE_MESSAGE` that should have one, and the message with zeros in its place.
pub(super) fn without_mic(message: &[u8]) -> Result<([u8; 16], Vec<u8>), Reason> {
    // Nothing else may stand there: fields begin behind it.
    for at in [12, 20, 28, 36, 44, 52] {
        field(message, at, AFTER_MIC)?;
    }
    let mut without = message.to_vec();
    let room = without.get_mut(MIC_AT..AFTER_MIC).ok_or(Reason::TooShort)?;
    let mic = <[u8; 16]>::try_from(&*room).map_err(|_| Reason::TooShort)?;
    room.fill(0);
    Ok((mic, without))
}

/// Writes the MIC into a message that has room for it.
pub(super) fn set_mic(message: &mut [u8], mic: &[u8; 16]) {
    if let Some(room) = message.get_mut(MIC_AT..AFTER_MIC) {
        room.copy_from_slice(mic);
    }
}

/// The next octets; `None` where there are fewer.
pub(super) fn take<const N: usize>(octets: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = octets.split_first_chunk()?;
    *octets = rest;
    Some(*first)
}

/// What follows the message's type, where it is this one.
fn body(message: &[u8], kind: u32, min_len: usize) -> Result<&[u8], Reason> {
    let mut rest = message.strip_prefix(SIGNATURE).ok_or(Reason::BadSignature)?;
    let found = take(&mut rest).map(u32::from_le_bytes).ok_or(Reason::BadSignature)?;
    if found != kind {
        return Err(Reason::BadType);
    }
    if message.len() < min_len {
        return Err(Reason::TooShort);
    }
    Ok(rest)
}

fn head(kind: u32) -> Vec<u8> {
    let mut octets = Vec::from(SIGNATURE);
    octets.extend_from_slice(&kind.to_le_bytes());
    octets
}

fn u32_at(octets: &[u8], at: usize) -> u32 {
    let mut rest = octets.get(at..).unwrap_or_default();
    take(&mut rest).map_or(0, u32::from_le_bytes)
}

/// The octets of the field that stands at `at`; they begin behind the message's fixed part, and end within the message.
fn field(message: &[u8], at: usize, fixed: usize) -> Result<&[u8], Reason> {
    let mut rest = message.get(at..).unwrap_or_default();
    let len = take(&mut rest).map(u16::from_le_bytes).ok_or(Reason::TooShort)?;
    let _max_len = take::<2>(&mut rest);
    let start = take(&mut rest).map(u32::from_le_bytes).ok_or(Reason::TooShort)?;
    if len == 0 {
        return Ok(&[]);
    }
    let start = usize::try_from(start).map_err(|_| Reason::BadOffset)?;
    let end = start.checked_add(usize::from(len)).ok_or(Reason::BadOffset)?;
    message.get(start..end).filter(|_| start >= fixed).ok_or(Reason::BadOffset)
}

/// What follows a message's fixed part.
struct Payload {
    fixed: usize,
    octets: Vec<u8>,
}

impl Payload {
    fn after(fixed: usize) -> Self {
        Self { fixed, octets: Vec::new() }
    }

    /// Adds a field's octets; its length, twice, and its offset.
    fn add(&mut self, field: &[u8]) -> Result<[u8; 8], Reason> {
        let len = u16::try_from(field.len()).map_err(|_| Reason::FieldTooLong)?.to_le_bytes();
        let start = u32::try_from(self.fixed + self.octets.len());
        let start = start.map_err(|_| Reason::MessageTooLong)?.to_le_bytes();
        self.octets.extend_from_slice(field);
        let ([l0, l1], [s0, s1, s2, s3]) = (len, start);
        Ok([l0, l1, l0, l1, s0, s1, s2, s3])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: Authenticate<'_> = Authenticate {
        lm_response: b"lm",
        nt_response: b"nt nt",
        domain: b"d\0",
        user: b"u\0s\0",
        workstation: b"",
        flags: flags::UNICODE,
    };

    #[test]
    fn what_is_written_is_read() {
        for with_mic in [false, true] {
            let octets = MESSAGE.to_octets(with_mic).expect("small");
            let read = Authenticate::parse(&octets).expect("our own");
            assert_eq!((read.lm_response, read.nt_response), (&b"lm"[..], &b"nt nt"[..]));
            assert_eq!((read.domain, read.user), (&b"d\0"[..], &b"u\0s\0"[..]));
            assert_eq!((read.workstation, read.flags), (&b""[..], flags::UNICODE));
        }
    }

    #[test]
    fn a_mic_has_a_place_of_its_own() {
        let octets = MESSAGE.to_octets(false).expect("small");
        assert_eq!(without_mic(&octets).err(), Some(Reason::BadOffset));
        let mut octets = MESSAGE.to_octets(true).expect("small");
        let bare = octets.clone();
        set_mic(&mut octets, &[7; 16]);
        assert_eq!(without_mic(&octets), Ok(([7; 16], bare)));
    }

    #[test]
    fn no_offset_leads_out_of_the_message() {
        let octets = MESSAGE.to_octets(false).expect("small");
        for at in [12, 20, 28, 36] {
            for (len, start) in
                [(u16::MAX, 64), (1, u32::MAX), (1, 0), (1, 63), (u16::MAX, u32::MAX)]
            {
                let mut octets = octets.clone();
                octets[at..at + 2].copy_from_slice(&len.to_le_bytes());
                octets[at + 4..at + 8].copy_from_slice(&start.to_le_bytes());
                let read = Authenticate::parse(&octets).map(|_| ());
                assert_eq!(read, Err(Reason::BadOffset), "{at} {len} {start}");
            }
        }
    }
}
