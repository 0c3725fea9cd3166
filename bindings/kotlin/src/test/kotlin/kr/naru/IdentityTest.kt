package kr.naru

import java.math.BigInteger
import java.security.KeyPairGenerator
import java.security.Signature
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import java.util.Base64
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.supervisorScope
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test

/** Two phones on which somebody is logged in, and an issuer that is not the library's. */
class IdentityTest {
    private val pair = KeyPairGenerator.getInstance("EC").apply { initialize(ECGenParameterSpec("secp256r1")) }.generateKeyPair()

    private fun encoded(bytes: ByteArray) = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes)

    private fun coordinate(value: BigInteger) = encoded(value.toByteArray().takeLast(32).let { ByteArray(32 - it.size) + it })

    private val jwks = (pair.public as ECPublicKey).w.let {
        """{"keys":[{"kty":"EC","crv":"P-256","kid":"k","x":"${coordinate(it.affineX)}","y":"${coordinate(it.affineY)}"}]}"""
    }

    private fun login(subject: String, key: IdentityKey = IdentityKey(), issuer: String = "https://login.example"): Identity {
        val now = System.currentTimeMillis() / 1000
        val claims = """{"iss":"https://login.example","sub":"$subject","aud":"app","nonce":"${key.nonce}","iat":$now,"exp":${now + 300}}"""
        val signed = listOf("""{"alg":"ES256","kid":"k"}""", claims).joinToString(".") { encoded(it.toByteArray()) }
        val signature = Signature.getInstance("SHA256withECDSAinP1363Format").run {
            initSign(pair.private)
            update(signed.toByteArray())
            sign()
        }
        return Identity("$signed.${encoded(signature)}", key, issuer, listOf("app"), jwks)
    }

    private suspend fun move(giver: Phone, receiver: Phone): List<String?> = supervisorScope {
        val certificate = giver.owns()
        val scanned = CompletableDeferred<String>()
        val code = CompletableDeferred<String>()
        val receiving = async { receiver.naru.receive(scanning = scanned.await()).receive(showing = { code.complete(it) }) }
        val giving = async {
            giver.naru.giveByDisplaying(certificate).give(code = { code.await() }) { event ->
                if (event is GiveEvent.Displaying) scanned.complete(event.qr.text)
            }
        }
        val ends = listOf(giving, receiving).map { end ->
            try {
                end.await()
                null
            } catch (failure: NaruException) {
                failure.code
            }
        }
        certificate.close()
        ends
    }

    @Test
    fun `a certificate goes to the same person and to nobody else`() = test {
        RelayProcess().use { relay ->
            Phone(relay).use { giver ->
                giver.naru.identify(login("hong"))
                Phone(relay).use { receiver ->
                    assertEquals(listOf("identity_missing", "identity_missing"), move(giver, receiver))
                    receiver.naru.identify(login("kim"))
                    assertEquals(listOf("other_person", "other_person"), move(giver, receiver))
                    receiver.naru.identify(login("hong", IdentityKey.restored(IdentityKey().secret)))
                    assertEquals(listOf(null, null), move(giver, receiver))
                }
            }
        }
    }

    @Test
    fun `a login that the other device would refuse is refused`() = test {
        RelayProcess().use { relay ->
            Phone(relay).use { phone ->
                val refused = assertThrows(NaruException.Security::class.java) {
                    phone.naru.identify(login("hong", issuer = "https://other.example"))
                }
                assertEquals("token_issuer", refused.code)
                assertThrows(NaruException.Misuse::class.java) { IdentityKey.restored(ByteArray(31)) }
                assertEquals("Identity(https://login.example)", login("hong").toString())
            }
        }
    }
}
