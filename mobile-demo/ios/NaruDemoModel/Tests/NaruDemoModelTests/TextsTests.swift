import Naru
import XCTest

@testable import NaruDemoModel

final class TextsTests: XCTestCase {
    func testSaysWhereACertificateWouldGo() {
        XCTAssertEqual(
            Texts(.korean).sendQuestion("업무용 PC"), "업무용 PC(으)로 인증서를 보냅니다.")
        XCTAssertEqual(Texts(.english).sendQuestion(""), "The certificate goes to this device.")
    }

    func testWarnsOfAnExpiredCertificateWithItsDayInKorea() {
        let summary = CertificateSummary(
            fingerprint: "", shortFingerprint: "", format: .npki, isStored: false, movedAt: nil,
            name: "홍길동", issuer: "", holder: .person, notBefore: 0, notAfter: 1_740_754_800,
            validity: .expired)
        XCTAssertEqual(
            Texts(.korean).warning(summary), "만료된 인증서입니다(2025.3.1). 재발급 후 옮기세요.")
        XCTAssertEqual(Texts(.korean).validity(summary), "만료됨 2025.3.1")
    }
}
