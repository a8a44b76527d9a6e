/* bcryptprimitives.dll of Windows, which Wine 8 lacks: modules written in Rust draw their random
   numbers there. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(void *buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(void *buffer, SIZE_T length)
{
    return SystemFunction036(buffer, (ULONG)length);
}
