import NaruDemoModel
import SwiftUI

struct HomeView: View {
    @ObservedObject var model: AppModel
    @State private var deleting: CertificateRow?

    var body: some View {
        VStack(alignment: .leading, spacing: 16) {
            if let problem = model.listProblem { ProblemText(problem) }
            if model.certificates.isEmpty {
                Text(model.texts.noCertificates).foregroundStyle(.secondary)
            }
            List(model.certificates) { row in
                CertificateView(row: row, moved: model.texts.moved)
                    .swipeActions {
                        Button(model.texts.delete, role: .destructive) { deleting = row }
                    }
                    .contextMenu {
                        Button(model.texts.give) { model.give(row) }
                        Button(model.texts.delete, role: .destructive) { deleting = row }
                    }
                    .onTapGesture { model.give(row) }
                    .accessibilityHint(model.texts.give)
            }
            .listStyle(.plain)
            LargeButton(model.texts.receive) { model.receive() }
        }
        .navigationTitle(model.texts.title)
        .confirmationDialog(
            model.texts.delete, isPresented: .constant(deleting != nil), titleVisibility: .visible
        ) {
            Button(model.texts.delete, role: .destructive) {
                guard let row = deleting else { return }
                deleting = nil
                Task { await model.delete(row) }
            }
            Button(model.texts.cancel, role: .cancel) { deleting = nil }
        }
    }
}

struct CertificateView: View {
    let row: CertificateRow
    let moved: String

    var body: some View {
        VStack(alignment: .leading, spacing: 4) {
            Text(row.name).font(.headline)
            Text(row.issuer).font(.subheadline).foregroundStyle(.secondary)
            Text(row.validity).foregroundStyle(row.isExpired ? Color.red : Color.primary)
            if row.wasMoved { Text(moved).font(.footnote) }
        }
        .accessibilityElement(children: .combine)
    }
}

struct LargeButton: View {
    let title: String
    let action: () -> Void

    init(_ title: String, action: @escaping () -> Void) {
        self.title = title
        self.action = action
    }

    var body: some View {
        Button(action: action) { Text(title).frame(maxWidth: .infinity, minHeight: 44) }
            .buttonStyle(.borderedProminent)
    }
}

struct ProblemText: View {
    let message: String

    init(_ message: String) {
        self.message = message
    }

    var body: some View {
        Label(message, systemImage: "exclamationmark.triangle")
            .foregroundStyle(.red)
            .accessibilityAddTraits(.updatesFrequently)
    }
}
