import Naru
import NaruDemoModel
import SwiftUI
import UIKit

@main
struct NaruDemoApp: App {
    @StateObject private var start = Start()

    var body: some Scene {
        WindowGroup {
            if let model = start.model {
                RootView(model: model)
            } else {
                Text(start.problem)
            }
        }
    }
}

/// What the app is made of.
@MainActor
private final class Start: ObservableObject {
    let model: AppModel?
    let problem: String

    init() {
        let texts = Texts(.system)
        let relay = Bundle.main.object(forInfoDictionaryKey: "NaruRelay") as? String ?? ""
        do {
            let naru = try Naru(
                relays: [relay], deviceName: UIDevice.current.name,
                store: KeychainStore(protection: .userPresence, prompt: texts.title),
                verification: DeviceOwnerVerification { texts.reason($0) })
            model = AppModel(naru: naru)
            problem = ""
        } catch {
            model = nil
            problem = error.message()
        }
    }
}
