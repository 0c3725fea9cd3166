import XCTest

@testable import Naru

final class ReadmeTests: XCTestCase {
    func testTheAppOfTheReadmeStarts() throws {
        let naru = try makeNaru()
        XCTAssertThrowsError(try naru.inspect("https://example.com")) {
            XCTAssertEqual(NaruError.from($0).code, "not_naru")
        }
        XCTAssertNil(look(at: Data(count: 64), width: 8, height: 8, bytesPerRow: 8))
    }
}
