//! Project Wycheproof's vectors for RSASSA-PKCS1-v1_5 with SHA-256, which is RS256.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use easyauth::SigningKey;
use wycheproof::{
    TestResult,
    rsa_pkcs1_verify::{TestName, TestSet},
};

#[test]
fn every_signature_is_judged_as_it_should_be() {
    let sets = [
        TestName::Rsa2048Sha256,
        TestName::Rsa3072Sha256,
        TestName::Rsa4096Sha256,
        TestName::Rsa8192Sha256,
    ];
    let mut judged = 0;
    for set in sets.map(|name| TestSet::load(name).unwrap()) {
        for group in set.test_groups {
            let n: Vec<_> = group.key.n.iter().copied().skip_while(|byte| *byte == 0).collect();
            let e: Vec<_> = group.key.e.iter().copied().skip_while(|byte| *byte == 0).collect();
            let [n, e] = [n, e].map(|number| URL_SAFE_NO_PAD.encode(number));
            let key = SigningKey::new("wycheproof", &n, &e).unwrap();
            for test in group.tests {
                let is_good = key.verify(&test.msg, &URL_SAFE_NO_PAD.encode(&*test.sig));
                let (id, comment) = (test.tc_id, test.comment);
                // "Acceptable" signatures (a missing NULL in the digest's identifier) may be rejected, and are.
                assert_eq!(
                    is_good,
                    test.result == TestResult::Valid,
                    "{}, {id}: {comment}",
                    group.key_size
                );
                judged += 1;
            }
        }
    }
    assert!(judged > 800, "only {judged} vectors");
}

#[test]
fn a_short_key_is_none() {
    let bits = |count: usize| URL_SAFE_NO_PAD.encode(vec![0xff; count / 8]);
    assert!(SigningKey::new("short", &bits(2040), "AQAB").is_err());
    assert!(SigningKey::new("empty", "", "AQAB").is_err());
    assert!(SigningKey::new("long enough", &bits(2048), "AQAB").is_ok());
}
