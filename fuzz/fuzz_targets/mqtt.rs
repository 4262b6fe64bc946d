//! MQTT's packets, from either end: no octets do harm, and what is read is written again as it was.
#![no_main]

use aiosasl::name::MechanismName;
use aiosasl_profiles::{
    Said,
    frame::FrameBuffer,
    mqtt::{MAX_PACKET, Packet, Start, client, measure, server},
};

const NAME: MechanismName = MechanismName::new("A");

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let mut buffer = FrameBuffer::new(MAX_PACKET);
    if buffer.push(octets).is_err() {
        return;
    }
    while let Ok(Some(octets)) = buffer.next_frame(measure) {
        let Ok(packet) = Packet::parse(&octets) else { continue };
        let _ = client::hear(&packet, NAME, &Start::Again, Said::Response);
        let _ = server::hear(&packet, None);
        let _ = server::hear(&packet, Some(NAME));
        // A packet with a reason alone is written with its properties, too.
        if let Ok(written) = packet.to_octets() {
            assert_eq!(Packet::parse(&written), Ok(packet));
        }
    }
});
