package kr.naru

import kotlin.time.Duration
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.withContext
import kr.naru.generated.liveObjects as countLiveObjects
import kr.naru.generated.Naru as Handle

/**
 * Moves certificates from and to this device. One for the whole app; any number of transfers can run at
 * once.
 *
 * A transfer is a cold flow: collecting begins it, its events say what to show and carry what the person
 * can answer, and cancelling the collection aborts it at once and tells the other device. A transfer that
 * fails throws a [NaruException] out of its flow. All that is suspending here may do so too.
 *
 * An app that waits for the person inside its collector does not hear of an end meanwhile: keep the event
 * as the screen's state, and answer it from there.
 *
 * @param transport how HTTP requests are sent
 * @param store where certificates are kept
 * @param verification how the person unlocks this device
 * @param options who this device is, and which relays it knows
 * @param log takes what the library reports
 * @param login says who the person is, where the agency's relay wants to know
 * @throws NaruException.Misuse for a relay that is no origin, and for roots that are none
 */
public class Naru @JvmOverloads constructor(
    transport: Transport,
    store: CertificateStore,
    verification: UserVerification,
    options: NaruOptions,
    log: LogSink? = null,
    login: Login? = null,
) : AutoCloseable {
    private val handle: Handle = failing {
        Handle(TransportBridge(transport), StoreBridge(store), VerificationBridge(verification), log?.let(::LogBridge), options.generated(), login?.let(::LoginBridge))
    }

    /**
     * Says who is logged in on this device, or that nobody is. Transfers that begin from now on succeed only with a
     * device on which the same person is logged in, whatever the relay says of accounts; without a login they ask
     * for none.
     *
     * @throws NaruException for a login that the other device would refuse; nothing changes then.
     */
    public fun identify(identity: Identity?): Unit = failing { handle.identify(identity?.generated()) }

    /** Receives by the text of a pairing code that this device has scanned, with [readFrame] or otherwise. */
    public fun receive(scanning: String): Flow<ReceiveEvent> =
        receiving(displays = false) { handle.receiveByScanning(scanning) }

    /** Receives by the connection number (연결번호) of twelve digits that the other device shows. */
    public fun receiveByNumber(number: String): Flow<ReceiveEvent> =
        receiving(displays = false) { handle.receiveByNumber(number) }

    /** Receives by a code that this device shows and the other one scans. */
    public fun receiveByDisplaying(): Flow<ReceiveEvent> =
        receiving(displays = true) { handle.receiveByDisplaying() }

    /** Fetches what was left with the relay under a recovery code. */
    public fun fetch(recoveryCode: String): Flow<ReceiveEvent> =
        receiving(displays = false) { handle.fetch(recoveryCode) }

    /**
     * Gives a certificate away by a pairing code that this device has scanned: the direction in which people
     * are tricked. Nothing is sent before the person has confirmed who would receive it.
     */
    public fun give(certificate: Certificate, scanning: String): Flow<GiveEvent> =
        giving(displays = false) { handle.giveByScanning(certificate.handle, scanning) }

    /** Gives a certificate away by the connection number (연결번호) that the other device shows. */
    public fun giveByNumber(certificate: Certificate, number: String): Flow<GiveEvent> =
        giving(displays = false) { handle.giveByNumber(certificate.handle, number) }

    /** Gives a certificate away by a code that this device shows and the other one scans. */
    public fun giveByDisplaying(certificate: Certificate): Flow<GiveEvent> =
        giving(displays = true) { handle.giveByDisplaying(certificate.handle) }

    /**
     * Leaves a certificate with the relay, to be fetched later, for as long as the relay allows up to
     * [keepFor]. The person has to unlock the device.
     */
    public fun deposit(certificate: Certificate, keepFor: Duration): Flow<DepositEvent> = depositing {
        val seconds = keepFor.inWholeSeconds.coerceIn(1, UInt.MAX_VALUE.toLong())
        handle.deposit(certificate.handle, seconds.toUInt())
    }

    /** Where the deposit of a withdraw code stands. */
    public suspend fun depositStatus(withdrawCode: String): DepositStatus =
        failing { handle.depositStatus(withdrawCode).facade() }

    /** Takes the deposit of a withdraw code back: nobody can fetch it from then on. */
    public suspend fun withdrawDeposit(withdrawCode: String): Unit =
        failing { handle.withdrawDeposit(withdrawCode) }

    /**
     * What a pairing code is for, asked before anything is sent.
     *
     * @throws NaruException.Input for a code of something else, or of another agency's relay.
     * @throws NaruException.Unsupported for one of a later version.
     */
    public fun inspect(scanned: String): PairingCodeInfo = failing { handle.inspect(scanned).facade() }

    /** The certificates in the store of this device, for the app to close. */
    public suspend fun certificates(): List<Certificate> =
        failing { handle.certificates().map(::Certificate) }

    /**
     * The certificates among some files: a folder's, or one `.pfx`. They are not in the store, and are the
     * app's to close.
     */
    public suspend fun findCertificates(files: List<CertificateFile>): FoundCertificates =
        withContext(Dispatchers.Default) { failing { handle.findCertificates(files.map { it.generated() }).facade() } }

    /** Puts a certificate into the store of this device, reads it back and compares. */
    public suspend fun save(certificate: Certificate): Unit = failing { handle.save(certificate.handle) }

    /**
     * Gives this device a new key, for a person who wants to use a device again that was removed: what was
     * removed stays so.
     */
    public suspend fun renewDevice(): Unit = failing { handle.renewDevice() }

    /** Whether a new password is as strong as the agency asks; a [NaruException.Password] says what it lacks. */
    public fun checkNewPassword(password: String): Unit = failing { handle.checkNewPassword(password) }

    /**
     * The same certificate under a new password, in the store in place of the old one if that was there.
     *
     * @throws NaruException.Misuse when the present password was not checked by [Certificate.check].
     * @throws NaruException.Password when the new one is not as strong as the agency asks.
     */
    public suspend fun changePassword(certificate: Certificate, newPassword: String): Certificate =
        withContext(Dispatchers.Default) { failing { Certificate(handle.changePassword(certificate.handle, newPassword)) } }

    /**
     * The certificate as one `.pfx` under its password, which has to have been checked; the person has to
     * unlock the device.
     *
     * @param forOldPrograms writes 3DES, which every program reads, in place of AES.
     */
    public suspend fun exportPfx(certificate: Certificate, forOldPrograms: Boolean): CertificateFile =
        withContext(Dispatchers.Default) { failing { handle.exportPfx(certificate.handle, forOldPrograms).facade() } }

    /**
     * Deletes a certificate of the store that another device has confirmed to have, also long after the
     * transfer; the person has to unlock the device.
     *
     * @throws NaruException.InvalidCertificate with `not_moved` for any other.
     */
    public suspend fun deleteOriginal(certificate: Certificate): Unit =
        failing { handle.deleteOriginal(certificate.handle) }

    /** Deletes a certificate of the store wherever else it is or is not; the person has to unlock the device. */
    public suspend fun delete(certificate: Certificate): Unit = failing { handle.delete(certificate.handle) }

    /** Lets go of the library. Transfers that are under way go on. */
    override fun close(): Unit = handle.close()

    public companion object {
        /** How many objects of the library are alive in this process: 0 when the app has closed all. For tests. */
        @JvmStatic
        public fun liveObjects(): Long = countLiveObjects().toLong()
    }
}

/** What an app is made with. */
public class NaruOptions @JvmOverloads constructor(
    /**
     * The origins of the relays that the app was built for, such as `https://relay.example`. The first is the
     * one that this device opens transfers on; a scanned code picks among all.
     */
    public val relays: List<String>,
    /** How this device calls itself on the other one, such as `갤럭시 S30`. */
    public val deviceName: String,
    /** Such as `Android 17`. */
    public val platform: String,
    /** PEM file of the root and intermediate certificates against which chains are checked. */
    public val roots: ByteArray? = null,
    /** What a new password needs; the usual where the agency says nothing. */
    public val passwordPolicy: PasswordPolicy? = null,
)

/** What a new password needs. */
public data class PasswordPolicy(
    /** Fewest characters. */
    public val minCharacters: Int,
    /** Fewest kinds of small letters, capitals, digits and others. */
    public val minKinds: Int,
)
